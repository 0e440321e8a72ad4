import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256File } from '../../../platform/files.ts';
import { Appliance, Signed } from '../../../protocol/release.ts';
import { advise, type Check, type DoctorContext, found, ok, warning } from '../check.ts';

export const appliance: Check = {
  name: 'appliance',
  title: 'Virtual machine image',
  async run(context) {
    const images = new Set<string>();
    for (const { keyFingerprint, name } of context.memberships) {
      const document = await stored(context, keyFingerprint);
      if (!document) continue;
      if (await isDamaged(context, document))
        return warning(found('appliance-damaged', { name }), advise('fetched-again'), 'fetch-appliance');
      images.add(document.image.slice(0, 12));
    }
    if (images.size === 0) return ok(found('appliance-none'));
    return ok([...images].map((image) => found('appliance-verified', { image })));
  },
};

/** @returns null where none was fetched */
async function stored({ files }: DoctorContext, project: string): Promise<Appliance | null> {
  let text: string;
  try {
    text = await readFile(files.appliance(project), 'utf8');
  } catch {
    return null;
  }
  return Appliance.parse(JSON.parse(Signed.parse(JSON.parse(text)).body));
}

async function isDamaged({ files }: DoctorContext, { kernel, initrd }: Appliance): Promise<boolean> {
  for (const { sha256 } of [kernel, initrd]) {
    const actual = await sha256File(join(files.objects, sha256)).catch(() => null);
    if (actual !== null && actual !== sha256) return true;
  }
  return false;
}
