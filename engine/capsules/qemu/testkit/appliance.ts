import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sha256, sha256File } from '../../../../platform/files.ts';
import { findQemu, howToInstall } from '../install.ts';

const BUILT = new URL('../../../../build/appliance/', import.meta.url);
const kernelPath = fileURLToPath(new URL('kernel', BUILT));
const initrdPath = fileURLToPath(new URL('initrd', BUILT));

/** What `node appliance/build.ts` made, named as a project names it. */
export async function builtAppliance() {
  const [kernel, initrd] = await Promise.all([sha256File(kernelPath), sha256File(initrdPath)]);
  return { kernelPath, initrdPath, image: sha256(`${kernel} ${initrd}\n`) };
}

/** Why tests with a real virtual machine cannot run here; null where they can. */
export async function whyNoMachines(): Promise<string | null> {
  if (process.platform === 'win32') return 'virtual machines are not offered on Windows';
  if (!(await findQemu())) return `QEMU is not installed: ${howToInstall(process.platform)}`;
  if (!existsSync(kernelPath) || !existsSync(initrdPath)) {
    return 'build/appliance is missing: node appliance/build.ts';
  }
  return null;
}
