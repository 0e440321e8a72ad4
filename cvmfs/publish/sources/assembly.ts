import { nameOf, parentOf, type RepositoryPath } from '../../format/paths.ts';
import { SourceFault } from '../errors.ts';
import type { Intake } from '../intake.ts';
import { makeNode, type Node } from '../tree.ts';
import type { TarMember } from './tar.ts';

const TYPES: Readonly<Record<Exclude<TarMember['kind'], 'hardlink'>, number>> = {
  file: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  character: 0o020000,
  block: 0o060000,
  fifo: 0o010000,
};
const MOST_LINKS = 40;

/** A tree made of archives, one unpacked over the other. */
export class Assembly {
  readonly root: Node;
  /** Names of a file that another name has: their contents are to be copied when all are there. */
  readonly copies: { readonly node: Node; readonly from: Node }[] = [];
  readonly #owner: { readonly uid: number; readonly gid: number } | null;
  #links = 0;

  /** @param owner instead of those that archives say; null: as they say */
  constructor(mtime: number, owner: { readonly uid: number; readonly gid: number } | null) {
    this.#owner = owner;
    this.root = makeNode({
      name: '',
      mode: 0o040755,
      uid: owner?.uid ?? 0,
      gid: owner?.gid ?? 0,
      mtime,
      mtimeNs: 0,
    });
  }

  /** @returns the node of a regular file, whose content the caller sees to; null of all others */
  add(member: TarMember): Node | null {
    if (member.path === '') {
      if (member.kind === 'directory') this.root.entry = { ...this.#make(member, '').entry };
      return null;
    }
    const parent = this.#folder(parentOf(member.path), member);
    const name = nameOf(member.path);
    const there = parent.children?.get(name);
    if (member.kind === 'hardlink') {
      parent.children?.set(name, this.#another(member, name));
      return null;
    }
    const node = this.#make(member, name);
    // A directory over a directory: what is in it stays.
    if (there?.children && node.children) there.entry = node.entry;
    // Who unpacks follows a link to a directory where the archive has a directory: /lib is usr/lib.
    else if (there?.entry.kind === 'symlink' && node.children && this.#follow(member.path)?.children)
      return null;
    else parent.children?.set(name, node);
    return node.entry.kind === 'file' ? node : null;
  }

  remove(path: RepositoryPath): void {
    this.#follow(parentOf(path))?.children?.delete(nameOf(path));
  }

  clear(path: RepositoryPath): void {
    this.#follow(path)?.children?.clear();
  }

  /** Puts a link to a directory where nothing is, and the directory. */
  linkToFolder(path: RepositoryPath, target: RepositoryPath, mtime: number): void {
    const { uid, gid } = this.root.entry;
    const given = { name: nameOf(path), uid, gid, mtime, mtimeNs: 0 };
    this.root.children?.set(given.name, makeNode({ ...given, mode: 0o120777, target: target.slice(1) }));
    this.#folder(target, { path: target, mtime, mtimeNs: 0 });
  }

  /** Call when the contents of all files are given. */
  async copyLinks(intake: Intake): Promise<void> {
    await intake.settled();
    for (const { node, from } of this.copies) intake.copy(node, from);
  }

  #make(member: TarMember, name: string): Node {
    if (member.kind === 'hardlink') throw new Error('a hard link is made of what it links to');
    const isDevice = member.kind === 'character' || member.kind === 'block';
    return makeNode({
      name,
      mode: TYPES[member.kind] | member.mode,
      uid: this.#owner?.uid ?? member.uid,
      gid: this.#owner?.gid ?? member.gid,
      mtime: member.mtime,
      mtimeNs: member.mtimeNs,
      xattrs: member.xattrs,
      // Each is a file of its own until something links to it.
      link: member.kind === 'file' ? `member ${this.#links++}` : null,
      ...(member.kind === 'symlink' ? { target: member.target } : {}),
      ...(isDevice ? { device: member.device } : {}),
    });
  }

  #another(member: TarMember, name: string): Node {
    const from = this.#follow(parentOf(member.target))?.children?.get(nameOf(member.target));
    if (!from || from.children)
      throw new SourceFault(
        `${shown(member.path)} is a hard link to ${shown(member.target)}, which is not there`,
      );
    const node: Node = { ...from, entry: { ...from.entry, name } };
    if (from.entry.kind === 'file') this.copies.push({ node, from });
    return node;
  }

  /** The directory at a path, links followed; made where it is missing. */
  #folder(path: RepositoryPath, because: Pick<TarMember, 'path' | 'mtime' | 'mtimeNs'>): Node {
    let at = this.root;
    let walked = '';
    for (const name of path.split('/').slice(1)) {
      walked = `${walked}/${name}`;
      const there = at.children?.get(name);
      const found = there?.entry.kind === 'symlink' ? this.#follow(walked) : there;
      if (found?.children) {
        at = found;
        continue;
      }
      if (there && there.entry.kind !== 'symlink')
        throw new SourceFault(`${shown(because.path)} lies in ${shown(walked)}, which is no folder`);
      const target = there ? this.#resolved(walked) : null;
      if (target !== null) {
        at = this.#folder(target, because);
        continue;
      }
      const { mtime, mtimeNs } = because;
      const { uid, gid } = this.root.entry;
      const made = makeNode({ name, mode: 0o040755, uid, gid, mtime, mtimeNs });
      at.children?.set(name, made);
      at = made;
    }
    return at;
  }

  /** What is at a path, all links followed within the tree. */
  #follow(path: RepositoryPath): Node | null {
    const resolved = this.#resolved(path);
    let at: Node | undefined = this.root;
    for (const name of (resolved ?? path).split('/').slice(1)) at = at?.children?.get(name);
    return at ?? null;
  }

  /** The path that a path leads to, as one who has this tree for his root sees it. @returns null where links go in circles */
  #resolved(path: RepositoryPath): RepositoryPath | null {
    const left = path.split('/').slice(1);
    const at: Node[] = [this.root];
    const names: string[] = [];
    for (let links = 0, name = left.shift(); name !== undefined; name = left.shift()) {
      if (name === '' || name === '.') continue;
      if (name === '..') {
        names.pop();
        if (at.length > 1) at.pop();
        continue;
      }
      const next = at.at(-1)?.children?.get(name);
      if (next?.entry.kind === 'symlink') {
        if (++links > MOST_LINKS) return null;
        const { target } = next.entry;
        if (target.startsWith('/')) {
          names.length = 0;
          at.length = 1;
        }
        left.unshift(...target.split('/'));
        continue;
      }
      names.push(name);
      at.push(next ?? NOTHING);
    }
    return names.map((name) => `/${name}`).join('');
  }
}

/** Below what is not there nothing is. */
const NOTHING = makeNode({ name: '', mode: 0o100000, uid: 0, gid: 0, mtime: 0, mtimeNs: 0 });

function shown(path: string): string {
  return Buffer.from(path, 'latin1').toString('utf8');
}
