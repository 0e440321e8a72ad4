import { Writer } from './codec.ts';
import { DT_DIR, DT_LNK, DT_REG } from './defs.ts';
import { qidOfEntry } from './qids.ts';
import { type DirectoryEntry, type NodeKind, type OpenFile, TreeError, type TreeNode } from './tree.ts';

/** d_type of a directory's entries, in 9P and in FUSE. */
export const DTYPES: Readonly<Record<NodeKind, number>> = {
  directory: DT_DIR,
  file: DT_REG,
  symlink: DT_LNK,
};

/** qid[13] offset[8] type[1] name[s] */
const ENTRY_BYTES = 13 + 8 + 1 + 2;
/** "." and ".." come first, at offsets 0 and 1. */
const DOTS = 2;
/** Names are asked for by the dozen: a few too many cost less than asking again for each. */
const BATCH = 256;

/**
 * As many entries as fit into `most` bytes. The offset of an entry is its number plus one: where to go on.
 * @param parent what ".." is
 */
export async function packEntries(
  file: OpenFile,
  folder: TreeNode,
  parent: TreeNode,
  offset: bigint,
  most: number,
): Promise<Uint8Array> {
  let next = Number(offset);
  const dots: DirectoryEntry[] = [
    { name: '.', kind: 'directory', id: folder.id },
    { name: '..', kind: 'directory', id: parent.id },
  ];
  const fitting: DirectoryEntry[] = [];
  let length = 0;
  const collect = async () => {
    for (;;) {
      const limit = Math.max(1, Math.min(BATCH, Math.ceil((most - length) / ENTRY_BYTES)));
      const entries = next < DOTS ? dots.slice(next) : await file.list(next - DOTS, limit);
      if (entries.length === 0) return;
      for (const entry of entries) {
        if (length + ENTRY_BYTES + entry.name.length > most) {
          if (length === 0) throw new TreeError('EINVAL', `not one entry fits ${most} bytes`);
          return;
        }
        length += ENTRY_BYTES + entry.name.length;
        next += 1;
        fitting.push(entry);
      }
    }
  };
  await collect();
  const writer = new Writer(length);
  let at = next - fitting.length;
  for (const entry of fitting) {
    at += 1;
    writer.qid(qidOfEntry(entry));
    writer.u64(BigInt(at));
    writer.u8(DTYPES[entry.kind]);
    writer.string(entry.name);
  }
  return writer.bytes;
}
