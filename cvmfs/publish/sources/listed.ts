import { makeNode, type Node } from '../tree.ts';
import type { Source } from './source.ts';

/** What lies at a path, "a/b": a file that is executable or not, or a link. */
export type Listed =
  | {
      readonly path: string;
      readonly bytes: number;
      readonly executable: boolean;
      /** Called once; so many bytes. */
      readonly content: () => AsyncIterable<Uint8Array>;
    }
  | { readonly path: string; readonly target: string };

const OWNER = { uid: 0, gid: 0 } as const;

/** Files that are listed one by one, wherever they come from; folders follow from their paths. */
export function listedSource(entries: Iterable<Listed>, mtime: number): Source {
  const folder = (name: string) => makeNode({ name, mode: 0o040755, ...OWNER, mtime, mtimeNs: 0 });
  return {
    identity: null,
    async read(intake) {
      const root = folder('');
      for (const entry of entries) {
        intake.progress.entries++;
        const parts = Buffer.from(entry.path, 'utf8').toString('latin1').split('/');
        const name = parts.pop() ?? '';
        const above = parts.reduce((at, part) => childFolder(at, part, folder), root);
        if ('target' in entry) {
          const target = Buffer.from(entry.target, 'utf8').toString('latin1');
          const link = makeNode({ name, mode: 0o120777, ...OWNER, mtime, mtimeNs: 0, target });
          above.children?.set(name, link);
          continue;
        }
        const mode = entry.executable ? 0o100755 : 0o100644;
        const node = makeNode({ name, mode, ...OWNER, mtime, mtimeNs: 0 });
        above.children?.set(name, node);
        await intake.stream(node, entry.bytes, entry.content());
      }
      return root;
    },
  };
}

function childFolder(parent: Node, name: string, make: (name: string) => Node): Node {
  const known = parent.children?.get(name);
  if (known?.children) return known;
  const made = make(name);
  parent.children?.set(name, made);
  return made;
}
