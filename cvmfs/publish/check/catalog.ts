import type { CatalogReader } from '../../format/catalog-reader.ts';
import type { Chunk } from '../../format/chunks.ts';
import { type Entry, encodeEntry } from '../../format/entry.ts';
import { FormatError } from '../../format/errors.ts';
import { parentOf, pathKey, type RepositoryPath } from '../../format/paths.ts';
import {
  addCounts,
  COUNTERS,
  type Counts,
  countEntry,
  NO_COUNTS,
  type Statistics,
} from '../../format/statistics.ts';
import { NESTED_MARKER } from '../filenames.ts';
import { itemsOf } from '../stored.ts';

export interface CheckedCatalog {
  readonly root: Entry;
  /** The rows of the directories below which others begin. */
  readonly mountpoints: ReadonlyMap<RepositoryPath, Entry>;
  readonly self: Counts;
  readonly statistics: Statistics;
}

/** Everything about one catalog that can be seen in it. */
export function checkCatalog(reader: CatalogReader, tell: (problem: string) => void): CheckedCatalog {
  const folders = new Map<RepositoryPath, { entry: Entry; children: Entry[] }>();
  const mountpoints = new Map<RepositoryPath, Entry>();
  let self = NO_COUNTS;
  let [rows, chunkRows] = [0, 0];
  for (const { path, entry, chunks } of itemsOf(reader)) {
    rows++;
    chunkRows += chunks?.length ?? 0;
    self = addCounts(self, countEntry(entry, chunks?.length ?? 0));
    const isRoot = path === reader.rootPath;
    checkEntry(entry, chunks, (problem) => tell(`${path || '/'} ${problem}`));
    if (entry.nestedRoot !== (isRoot && path !== ''))
      tell(`${path || '/'} is marked wrongly as a catalog’s root`);
    if (!isRoot) folders.get(parentOf(path))?.children.push(entry);
    if (entry.nestedMountpoint) mountpoints.set(path, entry);
    else if (entry.kind === 'directory') folders.set(path, { entry, children: [] });
  }
  for (const [path, { entry, children }] of folders) {
    checkFolder(path, entry, children, path === reader.rootPath && path !== '', tell);
  }
  const nested = reader.nested();
  self = addCounts(self, { ...NO_COUNTS, nested: nested.length });
  const names = new Set(nested.map((one) => one.path));
  for (const path of names)
    if (!mountpoints.has(path)) tell(`${path} has a nested catalog and is no mountpoint of one`);
  for (const path of mountpoints.keys())
    if (!names.has(path)) tell(`${path} is a mountpoint without a nested catalog`);
  const found = reader.rows();
  if (found.entries !== rows) tell(`${found.entries - rows} of its entries are in no directory`);
  if (found.chunks !== chunkRows) tell(`${found.chunks - chunkRows} of its chunks are of no file`);
  const statistics = reader.statistics();
  compareCounts('self', statistics.self, self, tell);
  const root = reader.find(pathKey(reader.rootPath));
  if (!root) throw new FormatError('catalog', 'its root is missing');
  return { root, mountpoints, self, statistics };
}

export function compareCounts(
  what: 'self' | 'subtree',
  said: Counts,
  counted: Counts,
  tell: (problem: string) => void,
): void {
  for (const counter of COUNTERS) {
    if (said[counter] !== counted[counter])
      tell(`its statistics say ${what}_${counter} ${said[counter]}, and there are ${counted[counter]}`);
  }
}

/** The same directory in the catalog that holds it and in its own: only the flags differ. */
export function isSameTransition(mountpoint: Entry, root: Entry): boolean {
  const plain = (entry: Entry) => {
    const row = encodeEntry({ ...entry, nestedMountpoint: false, nestedRoot: false });
    return JSON.stringify({ ...row, hardlinks: String(row.hardlinks), name: entry.name });
  };
  return plain(mountpoint) === plain(root);
}

function checkEntry(
  entry: Entry,
  chunks: readonly Chunk[] | undefined,
  tell: (problem: string) => void,
): void {
  if (entry.kind === 'symlink' && entry.size !== entry.target.length)
    tell(`is a link of ${entry.target.length} bytes and says ${entry.size}`);
  const isDevice = (entry.mode & 0o170000) === 0o020000 || (entry.mode & 0o170000) === 0o060000;
  if (entry.kind === 'special' && !isDevice && entry.size !== 0)
    tell(`is neither file nor device and has a size`);
  if (entry.kind === 'file' && entry.chunked && !chunks) tell('is cut into chunks, and none are there');
  if (entry.kind === 'directory' && entry.hardlinkGroup !== 0)
    tell('is a directory with a group of hard links');
}

function checkFolder(
  path: RepositoryPath,
  entry: Entry,
  children: readonly Entry[],
  isNestedRoot: boolean,
  tell: (problem: string) => void,
): void {
  const shown = path || '/';
  const folders = children.filter((child) => child.kind === 'directory').length;
  if (entry.links !== 2 + folders)
    tell(`${shown} has a link count of ${entry.links}, and ${folders} directories are in it`);
  const marker = children.find(({ name }) => name === NESTED_MARKER);
  if (isNestedRoot && marker?.kind !== 'file') tell(`${shown} has a catalog and no ${NESTED_MARKER}`);
  if (!isNestedRoot && path !== '' && marker) tell(`${shown} has a ${NESTED_MARKER} and no catalog`);
  const groups = new Map<number, Entry[]>();
  for (const child of children) {
    if (child.kind === 'directory') continue;
    if (child.hardlinkGroup === 0) {
      if (child.links !== 1) tell(`${path}/${child.name} has ${child.links} names and no group`);
      continue;
    }
    groups.set(child.hardlinkGroup, [...(groups.get(child.hardlinkGroup) ?? []), child]);
  }
  for (const [group, members] of groups) {
    const [first] = members;
    const alike = new Set(
      members.map((one) => JSON.stringify({ ...one, name: '', xattrs: [...one.xattrs] })),
    );
    if (alike.size > 1) tell(`${shown}: files of the hard link group ${group} differ`);
    if (first?.links !== members.length)
      tell(`${shown}: the hard link group ${group} has ${members.length} names and says ${first?.links}`);
  }
}
