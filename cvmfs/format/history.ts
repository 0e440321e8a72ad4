import { FormatError } from './errors.ts';
import { type ContentHash, parseHash } from './hashes.ts';
import {
  allRows,
  checkVersion,
  createDatabase,
  insertAll,
  openForeign,
  PROPERTIES_TABLE,
  readProperties,
  wholeNumber,
  writeProperties,
} from './sqlite.ts';

/** A revision with a name. */
export interface Tag {
  readonly name: string;
  readonly rootCatalog: ContentHash;
  /** Of the root catalog's SQLite file. */
  readonly rootCatalogBytes: number;
  readonly revision: number;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly description: string;
  /** "" is the one every repository has. */
  readonly branch: string;
}

export interface Branch {
  readonly branch: string;
  readonly parent: string | null;
  readonly initialRevision: number;
}

/** The H object: which revisions have names. */
export interface History {
  readonly repository: string;
  readonly previous: ContentHash | undefined;
  readonly tags: readonly Tag[];
  readonly branches: readonly Branch[];
}

export const MAIN_BRANCH: Branch = { branch: '', parent: null, initialRevision: 0 };

const TABLES = `
${PROPERTIES_TABLE}
CREATE TABLE branches (branch TEXT, parent TEXT, initial_revision INTEGER, CONSTRAINT pk_branch PRIMARY KEY (branch));
CREATE TABLE tags (
  name TEXT, hash TEXT, revision INTEGER, timestamp INTEGER, channel INTEGER, description TEXT, size INTEGER,
  branch TEXT, CONSTRAINT pk_tags PRIMARY KEY (name), FOREIGN KEY (branch) REFERENCES branches (branch));
CREATE TABLE recycle_bin (hash TEXT, flags INTEGER, CONSTRAINT pk_hash PRIMARY KEY (hash));
`;

/** @param file a path where nothing is yet */
export function writeHistory(file: string, history: History): void {
  createDatabase(file, TABLES, (database) => {
    writeProperties(database, [
      ['schema', '1.0'],
      ['schema_revision', '3'],
      ['fqrn', history.repository],
      ...(history.previous === undefined ? [] : [['previous_revision', history.previous] as const]),
    ]);
    insertAll(
      database,
      'INSERT INTO branches VALUES (?, ?, ?)',
      history.branches.map(({ branch, parent, initialRevision }) => [branch, parent, initialRevision]),
    );
    insertAll(
      database,
      'INSERT INTO tags VALUES (?, ?, ?, ?, 0, ?, ?, ?)',
      history.tags.map((tag) => [
        tag.name,
        tag.rootCatalog,
        tag.revision,
        tag.timestamp,
        tag.description,
        tag.rootCatalogBytes,
        tag.branch,
      ]),
    );
  });
}

/** @param file MUST be of this call alone, see openForeign(). @throws FormatError */
export function readHistory(file: string): History {
  const opened = openForeign('history', file, ['properties', 'tags', 'branches']);
  try {
    const properties = readProperties('history', opened);
    checkVersion('history', properties, 1);
    if (Number(properties.get('schema_revision') ?? 0) < 3) {
      throw new FormatError('history', 'it was written by a version that knew no branches');
    }
    const previous = properties.get('previous_revision');
    const tags = allRows(
      'history',
      opened,
      'SELECT name, hash, revision, timestamp, description, size, branch FROM tags ORDER BY revision, name',
    );
    const branches = allRows(
      'history',
      opened,
      'SELECT branch, parent, initial_revision FROM branches ORDER BY branch',
    );
    return {
      repository: properties.get('fqrn') ?? '',
      previous: previous === undefined || previous === '' ? undefined : parseHash(previous),
      tags: tags.map((row) => ({
        name: String(row.name),
        rootCatalog: parseHash(String(row.hash)),
        rootCatalogBytes: wholeNumber('history', row.size),
        revision: wholeNumber('history', row.revision),
        timestamp: wholeNumber('history', row.timestamp),
        description: String(row.description ?? ''),
        branch: String(row.branch ?? ''),
      })),
      branches: branches.map(({ branch, parent, initial_revision }) => ({
        branch: String(branch),
        parent: parent === null || parent === undefined ? null : String(parent),
        initialRevision: wholeNumber('history', initial_revision),
      })),
    };
  } finally {
    opened.close();
  }
}

/** What a reader that wants a day gets: the newest revision that has a name and is no younger. */
export function tagAt(history: History, timestamp: number): Tag | undefined {
  const old = history.tags.filter((tag) => tag.branch === '' && tag.timestamp <= timestamp);
  return old.sort((a, b) => a.timestamp - b.timestamp || a.revision - b.revision).at(-1);
}
