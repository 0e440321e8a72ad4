import type { NewTable } from './database/write.ts';

/** The schema that is written: 2.5, revision 7 (mtimens). */
export const SCHEMA = '2.5';
export const SCHEMA_REVISION = 7;

type Table = Omit<NewTable, 'rows'>;

export const CATALOG: Table = {
  name: 'catalog',
  sql: `CREATE TABLE catalog (
  md5path_1 INTEGER, md5path_2 INTEGER, parent_1 INTEGER, parent_2 INTEGER, hardlinks INTEGER, hash BLOB,
  size INTEGER, mode INTEGER, mtime INTEGER, mtimens INTEGER, flags INTEGER, name TEXT, symlink TEXT,
  uid INTEGER, gid INTEGER, xattr BLOB, CONSTRAINT pk_catalog PRIMARY KEY (md5path_1, md5path_2))`,
  keyColumns: 2,
  indices: [
    {
      name: 'idx_catalog_parent',
      sql: 'CREATE INDEX idx_catalog_parent ON catalog (parent_1, parent_2)',
      columns: [2, 3],
    },
  ],
};

export const CHUNKS: Table = {
  name: 'chunks',
  sql: `CREATE TABLE chunks (
  md5path_1 INTEGER, md5path_2 INTEGER, offset INTEGER, size INTEGER, hash BLOB,
  CONSTRAINT pk_chunks PRIMARY KEY (md5path_1, md5path_2, offset, size),
  FOREIGN KEY (md5path_1, md5path_2) REFERENCES catalog(md5path_1, md5path_2))`,
  keyColumns: 4,
};

export const NESTED_CATALOGS: Table = {
  name: 'nested_catalogs',
  sql: `CREATE TABLE nested_catalogs (
  path TEXT, sha1 TEXT, size INTEGER, CONSTRAINT pk_nested_catalogs PRIMARY KEY (path))`,
  keyColumns: 1,
};

export const BIND_MOUNTPOINTS: Table = {
  name: 'bind_mountpoints',
  sql: `CREATE TABLE bind_mountpoints (
  path TEXT, sha1 TEXT, size INTEGER, CONSTRAINT pk_bind_mountpoints PRIMARY KEY (path))`,
  keyColumns: 1,
};

export const STATISTICS: Table = {
  name: 'statistics',
  sql: 'CREATE TABLE statistics (counter TEXT, value INTEGER, CONSTRAINT pk_statistics PRIMARY KEY (counter))',
  keyColumns: 1,
};
