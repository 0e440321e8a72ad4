import type { Listed } from '../../cvmfs/publish/index.ts';
import type { Blob } from '../../protocol/primitives.ts';
import { type Appliance, Platform, type Release, TREE_PLATFORM } from '../../protocol/release.ts';
import { softwareNames as names } from '../../protocol/software.ts';
import { TreeManifest } from '../../protocol/tree.ts';
import { canonicalJson } from '../canonical.ts';
import type { Objects } from '../objects/objects.ts';

/** What of a release lies in the repository, below its folder. All objects MUST be there. */
export async function releaseContents(release: Release, objects: Objects): Promise<Listed[]> {
  const listed = [fromText(names.release, canonicalJson(release))];
  for (const platform of Platform.options) {
    const program = release.programs[platform];
    if (!program) continue;
    if (release.command === undefined || platform !== TREE_PLATFORM) {
      listed.push(fromObject(names.program(platform), program, true, objects));
      continue;
    }
    const text = (await objects.read(program.sha256))?.toString('utf8') ?? '';
    listed.push(fromText(names.treeManifest(platform), text));
    for (const entry of TreeManifest.parse(JSON.parse(text)).entries) {
      const path = `${names.treeFolder(platform)}/${entry.path}`;
      if ('target' in entry) listed.push({ path, target: entry.target });
      else listed.push(fromObject(path, entry, entry.executable, objects));
    }
  }
  return listed;
}

export function applianceContents({ kernel, initrd }: Appliance, objects: Objects): Listed[] {
  return [fromObject(names.kernel, kernel, false, objects), fromObject(names.initrd, initrd, false, objects)];
}

function fromText(path: string, text: string): Listed {
  const bytes = Buffer.from(text, 'utf8');
  return {
    path,
    bytes: bytes.length,
    executable: false,
    content: async function* () {
      yield bytes;
    },
  };
}

function fromObject(path: string, { sha256, bytes }: Blob, executable: boolean, objects: Objects): Listed {
  return {
    path,
    bytes,
    executable,
    content: async function* () {
      if (bytes === 0) return;
      const found = await objects.stream(sha256, 0, bytes - 1);
      if (!found) throw new Error(`object ${sha256} went while it was published`);
      if (found instanceof Uint8Array) yield found;
      else yield* found;
    },
  };
}
