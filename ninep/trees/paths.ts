import { type OpenMode, type Tree, TreeError, type TreeNode } from '../tree.ts';
import { fail } from './common.ts';

/** For callers in this process: whole files by path. Paths are relative byte strings, parts separated by "/". */

export const READ: OpenMode = { read: true, write: false, append: false, truncate: false, exclusive: false };
export const REPLACE: OpenMode = {
  read: false,
  write: true,
  append: false,
  truncate: true,
  exclusive: false,
};
export const APPEND: OpenMode = { read: false, write: true, append: true, truncate: false, exclusive: false };

const NEVER = new AbortController().signal;
const STEP_BYTES = 1024 * 1024;

/**
 * The node at path, symbolic links not followed; "" is the root.
 * @throws TreeError ENOENT, ENOTDIR
 */
export async function nodeAt(tree: Tree, path: string): Promise<TreeNode> {
  let node = await tree.root();
  for (const name of parts(path)) node = await node.lookup(name);
  return node;
}

/** As nodeAt, or null where there is none. */
export async function findNode(tree: Tree, path: string): Promise<TreeNode | null> {
  try {
    return await nodeAt(tree, path);
  } catch (error) {
    if (error instanceof TreeError && (error.errno === 'ENOENT' || error.errno === 'ENOTDIR')) return null;
    throw error;
  }
}

/**
 * All bytes of a regular file. Symbolic links are not followed: what a guest left in a tree cannot make the
 * reader open something else.
 * @param limit most bytes to take, EFBIG beyond
 */
export async function readFile(tree: Tree, path: string, limit = 1024 * 1024 * 1024): Promise<Buffer> {
  const node = await nodeAt(tree, path);
  if (node.kind !== 'file') fail(node.kind === 'directory' ? 'EISDIR' : 'ELOOP', path);
  const file = await node.open(READ);
  try {
    const pieces: Uint8Array[] = [];
    for (let offset = 0; ; ) {
      const piece = await file.read(BigInt(offset), STEP_BYTES, NEVER);
      if (piece.length === 0) return Buffer.concat(pieces);
      offset += piece.length;
      if (offset > limit) fail('EFBIG', `${path} has more than ${limit} bytes`);
      pieces.push(piece);
    }
  } finally {
    await file.close();
  }
}

/** Creates or replaces a file; the folders above it are made where missing. */
export async function writeFile(
  tree: Tree,
  path: string,
  data: string | Uint8Array,
  mode = 0o644,
): Promise<void> {
  await put(tree, path, data, mode, REPLACE);
}

export async function appendFile(tree: Tree, path: string, data: string | Uint8Array): Promise<void> {
  await put(tree, path, data, 0o644, APPEND);
}

/** The folder at path, made with all above it where missing. */
export async function makeFolders(tree: Tree, path: string, mode = 0o755): Promise<TreeNode> {
  let node = await tree.root();
  for (const name of parts(path)) {
    const folder: TreeNode = node;
    node = await folder.lookup(name).catch((error: unknown) => {
      if (error instanceof TreeError && error.errno === 'ENOENT') return folder.makeDirectory(name, mode);
      throw error;
    });
  }
  return node;
}

/** Names in a folder, sorted by their bytes. */
export async function listFolder(tree: Tree, path: string): Promise<string[]> {
  const folder = await (await nodeAt(tree, path)).open(READ);
  try {
    const names: string[] = [];
    for (;;) {
      const entries = await folder.list(names.length, 1024);
      if (entries.length === 0) return names.sort();
      for (const entry of entries) names.push(entry.name);
    }
  } finally {
    await folder.close();
  }
}

async function put(
  tree: Tree,
  path: string,
  data: string | Uint8Array,
  mode: number,
  how: OpenMode,
): Promise<void> {
  const names = parts(path);
  const name = names.pop() ?? fail('EISDIR', 'the root');
  const folder = await makeFolders(tree, names.join('/'));
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  const { file } = await folder.create(name, how, mode);
  try {
    for (let done = 0; done < bytes.length; ) {
      done += await file.write(BigInt(done), bytes.subarray(done, done + STEP_BYTES), NEVER);
    }
  } finally {
    await file.close();
  }
}

function parts(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}
