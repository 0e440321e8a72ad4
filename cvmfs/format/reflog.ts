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

/** In the order of their numbers. Of catalogs only roots are here. */
const TYPES = ['catalog', 'certificate', 'history', 'metainfo'] as const;
export type ReferenceType = (typeof TYPES)[number];

export interface Reference {
  readonly hash: ContentHash;
  readonly type: ReferenceType;
  /** Seconds since 1970. */
  readonly timestamp: number;
}

/** `.cvmfsreflog`: everything a manifest ever pointed at, for the garbage collection. */
export interface Reflog {
  readonly repository: string;
  readonly references: readonly Reference[];
}

/** @param file a path where nothing is yet */
export function writeReflog(file: string, reflog: Reflog): void {
  const tables = `${PROPERTIES_TABLE}
    CREATE TABLE refs (hash TEXT, type INTEGER, timestamp INTEGER, CONSTRAINT pk_refs PRIMARY KEY (hash));`;
  createDatabase(file, tables, (database) => {
    writeProperties(database, [
      ['schema', '1.0'],
      ['schema_revision', '0'],
      ['fqrn', reflog.repository],
    ]);
    insertAll(
      database,
      'INSERT INTO refs VALUES (?, ?, ?)',
      reflog.references.map(({ hash, type, timestamp }) => [hash, TYPES.indexOf(type), timestamp]),
    );
  });
}

/** @param file MUST be of this call alone, see openForeign(). @throws FormatError */
export function readReflog(file: string): Reflog {
  const opened = openForeign('reflog', file, ['properties', 'refs']);
  try {
    const properties = readProperties('reflog', opened);
    checkVersion('reflog', properties, 1);
    const rows = allRows(
      'reflog',
      opened,
      'SELECT hash, type, timestamp FROM refs ORDER BY timestamp, type, hash',
    );
    return {
      repository: properties.get('fqrn') ?? '',
      references: rows.map(({ hash, type, timestamp }) => {
        const known = TYPES[wholeNumber('reflog', type)];
        if (!known) throw new FormatError('reflog', `a reference of type ${String(type)}`);
        return { hash: parseHash(String(hash)), type: known, timestamp: wholeNumber('reflog', timestamp) };
      }),
    };
  } finally {
    opened.close();
  }
}
