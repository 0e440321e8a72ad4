import {
  byteString,
  checkVersion,
  ForeignDatabase,
  readProperties,
  wholeNumber,
} from './database/foreign.ts';
import { encodeDatabase } from './database/write.ts';
import { FormatError } from './errors.ts';
import { type ContentHash, parseHash } from './hashes.ts';
import { propertiesTable } from './properties.ts';

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

/** A reflog as a file's bytes. */
export function encodeReflog({ repository, references }: Reflog): Buffer {
  return encodeDatabase([
    propertiesTable([
      ['schema', '1.0'],
      ['schema_revision', '0'],
      ['fqrn', repository],
    ]),
    {
      name: 'refs',
      sql: 'CREATE TABLE refs (hash TEXT, type INTEGER, timestamp INTEGER, CONSTRAINT pk_refs PRIMARY KEY (hash))',
      keyColumns: 1,
      rows: references.map(({ hash, type, timestamp }) => [hash, TYPES.indexOf(type), timestamp]),
    },
  ]);
}

/** @throws FormatError */
export function readReflog(file: string): Reflog {
  const database = new ForeignDatabase('reflog', file, ['properties', 'refs']);
  try {
    const properties = readProperties(database);
    checkVersion('reflog', properties, 1);
    const references = database
      .all('refs', ['hash', 'type', 'timestamp'])
      .map(({ hash, type, timestamp }) => {
        const number = wholeNumber('reflog', type);
        const known = TYPES[number];
        if (!known) throw new FormatError('reflog', `a reference of type ${number}`);
        return {
          number,
          hash: parseHash(byteString(hash)),
          type: known,
          timestamp: wholeNumber('reflog', timestamp),
        };
      });
    references.sort((a, b) => a.timestamp - b.timestamp || a.number - b.number || (a.hash < b.hash ? -1 : 1));
    return {
      repository: properties.get('fqrn') ?? '',
      references: references.map(({ hash, type, timestamp }) => ({ hash, type, timestamp })),
    };
  } finally {
    database.close();
  }
}
