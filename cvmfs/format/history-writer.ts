import { encodeDatabase } from './database/write.ts';
import type { History } from './history.ts';
import { propertiesTable, utf8Bytes } from './properties.ts';

/** A history as a file's bytes. */
export function encodeHistory({ repository, previous, branches, tags }: History): Buffer {
  return encodeDatabase([
    propertiesTable([
      ['schema', '1.0'],
      ['schema_revision', '3'],
      ['fqrn', repository],
      ...(previous === undefined ? [] : [['previous_revision', previous] as const]),
    ]),
    {
      name: 'branches',
      sql: 'CREATE TABLE branches (branch TEXT, parent TEXT, initial_revision INTEGER, CONSTRAINT pk_branch PRIMARY KEY (branch))',
      keyColumns: 1,
      rows: branches.map(({ branch, parent, initialRevision }) => [
        utf8Bytes(branch),
        parent === null ? null : utf8Bytes(parent),
        initialRevision,
      ]),
    },
    {
      name: 'tags',
      sql: `CREATE TABLE tags (
  name TEXT, hash TEXT, revision INTEGER, timestamp INTEGER, channel INTEGER, description TEXT, size INTEGER,
  branch TEXT, CONSTRAINT pk_tags PRIMARY KEY (name), FOREIGN KEY (branch) REFERENCES branches (branch))`,
      keyColumns: 1,
      rows: tags.map((tag) => [
        utf8Bytes(tag.name),
        tag.rootCatalog,
        tag.revision,
        tag.timestamp,
        0,
        utf8Bytes(tag.description),
        tag.rootCatalogBytes,
        utf8Bytes(tag.branch),
      ]),
    },
    {
      name: 'recycle_bin',
      sql: 'CREATE TABLE recycle_bin (hash TEXT, flags INTEGER, CONSTRAINT pk_hash PRIMARY KEY (hash))',
      keyColumns: 1,
      rows: [],
    },
  ]);
}
