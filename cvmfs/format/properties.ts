import type { NewTable } from './database/write.ts';

/** The table `properties` that catalogs, histories and reflogs have alike. @param rows values as byte strings */
export function propertiesTable(rows: readonly (readonly [string, string])[]): NewTable {
  return {
    name: 'properties',
    sql: 'CREATE TABLE properties (key TEXT, value TEXT, CONSTRAINT pk_properties PRIMARY KEY (key))',
    keyColumns: 1,
    rows,
  };
}

/** What people wrote, as bytes. */
export function utf8Bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
