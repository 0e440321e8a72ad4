import {
  byteString,
  checkVersion,
  ForeignDatabase,
  readProperties,
  utf8,
  wholeNumber,
} from './database/foreign.ts';
import { FormatError } from './errors.ts';
import { type ContentHash, parseHash } from './hashes.ts';
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

/** @throws FormatError */
export function readHistory(file: string): History {
  const database = new ForeignDatabase('history', file, ['properties', 'tags', 'branches']);
  try {
    const properties = readProperties(database);
    checkVersion('history', properties, 1);
    if (Number(properties.get('schema_revision') ?? 0) < 3) {
      throw new FormatError('history', 'it was written by a version that knew no branches');
    }
    const previous = properties.get('previous_revision');
    const tags = database
      .all('tags', ['name', 'hash', 'revision', 'timestamp', 'description', 'size', 'branch'])
      .map((row) => ({
        bytes: byteString(row.name),
        tag: {
          name: utf8(row.name),
          rootCatalog: parseHash(byteString(row.hash)),
          rootCatalogBytes: wholeNumber('history', row.size),
          revision: wholeNumber('history', row.revision),
          timestamp: wholeNumber('history', row.timestamp),
          description: utf8(row.description),
          branch: utf8(row.branch),
        },
      }))
      .sort((a, b) => a.tag.revision - b.tag.revision || inOrder(a.bytes, b.bytes));
    const branches = database
      .all('branches', ['branch', 'parent', 'initial_revision'])
      .map(({ branch, parent, initial_revision }) => ({
        branch: utf8(branch),
        parent: parent === null ? null : utf8(parent),
        initialRevision: wholeNumber('history', initial_revision),
      }))
      .sort((a, b) => inOrder(a.branch, b.branch));
    return {
      repository: properties.get('fqrn') ?? '',
      previous: previous === undefined || previous === '' ? undefined : parseHash(previous),
      tags: tags.map(({ tag }) => tag),
      branches,
    };
  } finally {
    database.close();
  }
}

function inOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What a reader that wants a day gets: the newest revision that has a name and is no younger. */
export function tagAt(history: History, timestamp: number): Tag | undefined {
  const old = history.tags.filter((tag) => tag.branch === '' && tag.timestamp <= timestamp);
  return old.sort((a, b) => a.timestamp - b.timestamp || a.revision - b.revision).at(-1);
}
