import type { History } from './history.ts';
import { createDatabase, insertAll, PROPERTIES_TABLE, writeProperties } from './sqlite.ts';

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
