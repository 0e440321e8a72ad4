import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { writeCpio } from '../../../../appliance/cpio.ts';
import { sha256 } from '../../../../platform/files.ts';
import { builtAppliance } from './appliance.ts';

const AGENT = fileURLToPath(new URL('../../../../appliance/guest/agent', import.meta.url));
/** What keeps the program from the guest's network and from root. */
const GUARDS = `unshare -n sh -c 'ip link set lo up && exec su -s /bin/sh -c "$0" -- job "$@"' "$become"`;

/**
 * The appliance as a program sees it that has broken out of the agent's confinement: it is root, with the guest's
 * network before it. What is left to hold it is the virtual machine.
 */
export async function brokenOutAppliance(folder: string) {
  const built = await builtAppliance();
  const agent = await readFile(AGENT, 'utf8');
  if (!agent.includes(GUARDS))
    throw new Error('the agent guards programs in another way now: adapt this test');
  const data = Buffer.from(agent.replace(GUARDS, `sh -c 'cd /job && exec "$0" "$@"'`));
  // Archives one after the other are unpacked one over the other.
  const initrd = Buffer.concat([
    await readFile(built.initrdPath),
    gzipSync(writeCpio([{ kind: 'file', path: 'bin/agent', mode: 0o755, data }])),
  ]);
  const initrdPath = join(folder, 'initrd');
  await writeFile(initrdPath, initrd);
  return { ...built, initrdPath, image: sha256(initrd) };
}
