import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { nameOf, parentOf } from '../../format/paths.ts';
import { inWords, SourceFault } from '../errors.ts';
import type { Node } from '../tree.ts';
import { fileBytes, type Owner, unpacked } from './archives.ts';
import { Assembly } from './assembly.ts';
import type { Source } from './source.ts';
import { readTar, type TarMember } from './tar.ts';

const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const Descriptor = z.object({
  mediaType: z.string(),
  digest: Digest,
  platform: z.object({ os: z.string(), architecture: z.string() }).optional(),
});
const Index = z.object({ manifests: z.array(Descriptor).min(1) });
const ImageManifest = z.object({ layers: z.array(Descriptor) });

/** Marks of the OCI image specification, "Whiteouts". */
const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';

/**
 * An image in a folder, as the OCI image layout has it (`skopeo copy docker://… oci:FOLDER`). Its layers are read twice:
 * once for what is in which, and once for the files that are left.
 * @param architecture which, where the layout holds several
 */
export function ociSource(folder: string, architecture: string, owner: Owner | null): Source {
  return {
    identity: null,
    async read(intake) {
      const layers = await layersOf(folder, architecture);
      const assembly = new Assembly(0, owner);
      /** The file of each member that is one: by layer, then by its place in it. */
      const files: Map<number, Node>[] = [];
      for (const layer of layers) {
        const own = new Map<number, Node>();
        files.push(own);
        const members: TarMember[] = [];
        for await (const member of readTar(unpacked(blob(folder, layer)))) members.push(member);
        // A mark hides what lower layers have, wherever in its own layer it stands.
        for (const { path } of members) {
          const name = nameOf(path);
          if (name === OPAQUE) assembly.clear(parentOf(path));
          else if (name.startsWith(WHITEOUT))
            assembly.remove(`${parentOf(path)}/${name.slice(WHITEOUT.length)}`);
        }
        for (const [place, member] of members.entries()) {
          if (nameOf(member.path).startsWith(WHITEOUT)) continue;
          intake.progress.entries++;
          const node = assembly.add(member);
          if (node) own.set(place, node);
        }
      }
      const wanted = filesOf(assembly);
      for (const [i, layer] of layers.entries()) {
        const own = files[i];
        let place = 0;
        for await (const member of readTar(unpacked(blob(folder, layer)))) {
          const node = own?.get(place++);
          if (node && wanted.has(node)) await intake.stream(node, member.bytes, member.body);
        }
      }
      await assembly.copyLinks(intake);
      return assembly.root;
    },
  };
}

/** All files that are left, and those that are only so by another name. */
function filesOf(assembly: Assembly): Set<Node> {
  const left = new Set<Node>();
  const waiting = [assembly.root];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (node.children) waiting.push(...node.children.values());
    else left.add(node);
  }
  for (const { node, from } of assembly.copies.toReversed()) if (left.has(node)) left.add(from);
  return left;
}

async function layersOf(folder: string, architecture: string): Promise<string[]> {
  const { manifests } = await readJson(join(folder, 'index.json'), Index);
  return choose(manifests, folder, architecture);
}

async function choose(
  manifests: z.infer<typeof Index>['manifests'],
  folder: string,
  architecture: string,
): Promise<string[]> {
  const ours = manifests.filter(
    ({ platform }) => platform?.os === 'linux' && platform.architecture === architecture,
  );
  const [one, ...more] = manifests.length === 1 ? manifests : ours;
  if (!one || more.length > 0) {
    const there = manifests.map(({ platform }) => platform?.architecture ?? 'unknown').join(', ');
    throw new SourceFault(
      `${folder} holds ${manifests.length} images (${there}), and not one for ${architecture}`,
    );
  }
  const text = await verifiedBlob(folder, one.digest);
  if (/index|manifest\.list/.test(one.mediaType))
    return choose(parseJson(text, Index, one.digest).manifests, folder, architecture);
  return parseJson(text, ImageManifest, one.digest).layers.map(({ digest }) => digest);
}

async function verifiedBlob(folder: string, digest: string): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const piece of blob(folder, digest)) parts.push(piece);
  return Buffer.concat(parts).toString('utf8');
}

/** @throws SourceFault at its end, if it was not what its name says */
async function* blob(folder: string, digest: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const piece of fileBytes(join(folder, 'blobs', digest.replace(':', '/')))) {
    hash.update(piece);
    yield piece;
  }
  if (`sha256:${hash.digest('hex')}` !== digest)
    throw new SourceFault(`the blob ${digest} in ${folder} is damaged`);
}

async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  const text = await readFile(path, 'utf8').catch((error) => {
    throw inWords(error, `${path} cannot be read, so this is no OCI image layout`, SourceFault);
  });
  return parseJson(text, schema, path);
}

function parseJson<T>(text: string, schema: z.ZodType<T>, what: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof z.ZodError)) throw cause;
    throw new SourceFault(`${what} is not as the OCI image specification has it`, { cause });
  }
}
