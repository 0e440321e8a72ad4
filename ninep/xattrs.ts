import { type OpenFile, TreeError, type TreeNode } from './tree.ts';

/**
 * What Txattrwalk opens: the value of an attribute, or for "" the list of names, each with a NUL behind it, as
 * getxattr(2) and listxattr(2) give them.
 * @throws TreeError EOPNOTSUPP, ENODATA
 */
export async function attributeValue(node: TreeNode, name: string): Promise<Uint8Array> {
  const all = await node.xattrs?.();
  // Linux takes this for "no such attribute", and asks less often than after ENODATA.
  if (!all || all.size === 0) throw new TreeError('EOPNOTSUPP', 'no extended attributes');
  if (name === '') return Buffer.from([...all.keys()].map((one) => `${one}\0`).join(''), 'latin1');
  const value = all.get(name);
  if (!value) throw new TreeError('ENODATA', `no attribute ${name}`);
  return value;
}

export class OpenAttribute implements OpenFile {
  readonly #value: Uint8Array;

  constructor(value: Uint8Array) {
    this.#value = value;
  }

  async read(offset: bigint, count: number): Promise<Uint8Array> {
    const at = Number(offset);
    return this.#value.subarray(at, at + count);
  }

  async write(): Promise<number> {
    throw new TreeError('EBADF', 'an attribute that is read');
  }

  async list(): Promise<readonly never[]> {
    throw new TreeError('ENOTDIR', 'an attribute');
  }

  async sync(): Promise<void> {}

  async close(): Promise<void> {}
}
