import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256File } from '../../../platform/files.ts';
import { Appliance, Signed } from '../../../protocol/release.ts';
import { type Check, ok, warning } from '../check.ts';

export const appliance: Check = {
  name: 'appliance',
  title: 'Virtual machine image',
  async run({ files }) {
    let text: string;
    try {
      text = await readFile(files.appliance, 'utf8');
    } catch {
      return ok('not fetched yet; it comes from the project when a virtual machine is first needed');
    }
    const { image, kernel, initrd } = Appliance.parse(JSON.parse(Signed.parse(JSON.parse(text)).body));
    for (const { sha256 } of [kernel, initrd]) {
      const actual = await sha256File(join(files.objects, sha256)).catch(() => null);
      if (actual !== null && actual !== sha256)
        return warning(
          'a part of it is damaged on this disk',
          'Nothing to do: it is fetched again when needed. If this repeats, check the disk.',
        );
    }
    return ok(`image ${image.slice(0, 12)}, verified`);
  },
};
