import { copyFileSync, lstatSync, mkdirSync, readdirSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Source } from '../../cvmfs/publish/index.ts';
import { makeNode, type Node } from '../../cvmfs/publish/tree.ts';

const SMALL_BYTES = 64 * 1024;

export interface RealTree {
  readonly files: number;
  readonly bytes: number;
}

/** Copies of what Debian has installed below /usr: so many files, most of them small as most are, and so many bytes in all. */
export function copyOfUsr(into: string, mostFiles: number, mostBytes: number): RealTree {
  const small: { path: string; bytes: number }[] = [];
  const large: { path: string; bytes: number }[] = [];
  const waiting = ['/usr/share', '/usr/lib', '/usr/bin', '/usr/include'];
  for (let folder = waiting.shift(); folder !== undefined; folder = waiting.shift()) {
    for (const name of readdirSync(folder).sort()) {
      const path = join(folder, name);
      const stat = lstatSync(path);
      if (stat.isDirectory()) waiting.push(path);
      else if (stat.isFile()) (stat.size <= SMALL_BYTES ? small : large).push({ path, bytes: stat.size });
    }
  }
  const taken = { files: 0, bytes: 0 };
  const take = ({ path, bytes }: { path: string; bytes: number }) => {
    const at = join(into, path);
    mkdirSync(dirname(at), { recursive: true });
    copyFileSync(path, at);
    // As old as software is, and not of this second.
    utimesSync(at, 1_700_000_000, 1_700_000_000);
    taken.files++;
    taken.bytes += bytes;
  };
  // Spread over all, for neighbours are alike.
  const step = Math.max(1, small.length / (mostFiles - 200));
  for (let i = 0; i < small.length && taken.files < mostFiles - 200; i += step) {
    const one = small[Math.floor(i)];
    if (one && taken.bytes < mostBytes) take(one);
  }
  for (const one of large) {
    if (taken.bytes + one.bytes <= mostBytes) take(one);
  }
  return taken;
}

/** A tree of so many files in folders of a thousand, all with the same content. */
export function syntheticSource(files: number): Source {
  const attributes = { uid: 0, gid: 0, mtime: 1_700_000_000, mtimeNs: 0 };
  return {
    identity: null,
    async read(intake) {
      const root = makeNode({ ...attributes, name: '', mode: 0o040755 });
      let first: Node | null = null;
      for (let i = 0; i < files; i++) {
        const [, a, b, name] = syntheticPath(i).split('/');
        const outer = folder(root, a ?? '');
        const inner = folder(outer, b ?? '');
        const node = makeNode({ ...attributes, name: name ?? '', mode: 0o100644 });
        inner.children?.set(node.entry.name, node);
        if (first) intake.copy(node, first);
        else {
          await intake.stream(node, 5, one(Buffer.from('same\n')));
          await intake.settled();
          first = node;
        }
      }
      return root;
    },
  };

  function folder(parent: Node, name: string): Node {
    const there = parent.children?.get(name);
    if (there) return there;
    const made = makeNode({ ...attributes, name, mode: 0o040755 });
    parent.children?.set(name, made);
    return made;
  }
}

export function syntheticPath(i: number): string {
  return `/part${Math.floor(i / 50_000)}/folder${Math.floor(i / 1000)}/file${i}`;
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
