import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import sqlite from 'node-sqlite3-wasm';
import { describe, expect, test } from 'vitest';
import type { CatalogReader } from '../format/catalog-reader.ts';
import type { CatalogItem } from '../format/catalog-writer.ts';
import { type ContentHash, objectPath } from '../format/hashes.ts';
import { decodeManifest } from '../format/manifest.ts';
import { makePublished } from '../testkit/published.ts';
import { hasSample, sampleFolder, scratch } from '../testkit/sample.ts';
import { FolderPlace } from './places/folder.ts';
import { readObject } from './store.ts';
import { itemsOf, Stored } from './stored.ts';

const KIB = 1024;

describe.skipIf(!hasSample)(
  'beside the reference implementation (skipped where the sample is not here)',
  () => {
    const folder = hasSample ? scratch() : '';
    const source = join(folder, 'source');

    test('the same folder is published with the same catalogs, but for compressed bytes and times', async () => {
      const theirs = await catalogsAt(sampleFolder);
      unpack(theirs);
      const published = await makePublished(folder, {
        chunkBytes: { min: 128 * KIB, average: 256 * KIB, max: 512 * KIB },
      });
      expect(await published.publish(source)).toMatchObject({ revision: 1 });
      const ours = await catalogsAt(published.folder);
      expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
      for (const [path, { items, statistics, nested, ...rest }] of theirs) {
        const own = ours.get(path);
        expect(rest, path).toEqual({ schema: own?.schema, properties: own?.properties });
        expect(own?.statistics, path).toEqual(statistics);
        expect(own?.nested.sort(), path).toEqual(nested.sort());
        expect(own?.items.map(told).sort(), path).toEqual(items.map(told).sort());
      }
      // Bytes of an empty file are compressed alike by all.
      const empty = ours.get('')?.items.find(({ path }) => path === '/misc/empty');
      expect(empty?.entry.hash).toBe('e8ec3d88b62ebf526e4e5a4ff6162a3aa48a6b78');
    });

    interface Catalog {
      readonly items: CatalogItem[];
      readonly statistics: unknown;
      readonly nested: string[];
      /** Tables and indices, as they were made. */
      readonly schema: string[];
      /** Those that do not change from one publication to the next. */
      readonly properties: string[];
    }

    async function catalogsAt(repository: string): Promise<Map<string, Catalog>> {
      const stored = new Stored(new FolderPlace(repository), folder);
      const found = new Map<string, Catalog>();
      const look = async (hash: ContentHash): Promise<void> => {
        const { rootPath, nested, ...rest } = await stored.catalog(hash, (reader) => ({
          rootPath: reader.rootPath,
          nested: reader.nested(),
          items: [...itemsOf(reader)],
          statistics: reader.statistics(),
          properties: propertiesOf(reader),
        }));
        found.set(rootPath, {
          ...rest,
          nested: nested.map(({ path }) => path),
          schema: schemaOf(repository, hash),
        });
        for (const one of nested) await look(one.hash);
      };
      await look(decodeManifest(readFileSync(join(repository, '.cvmfspublished'))).manifest.rootCatalog);
      return found;
    }

    function propertiesOf({ properties }: CatalogReader): string[] {
      const changing = ['last_modified', 'previous_revision'];
      return [...properties].map(([key, value]) => (changing.includes(key) ? key : `${key}=${value}`)).sort();
    }

    function schemaOf(repository: string, hash: ContentHash): string[] {
      const file = join(folder, `schema-${hash}`);
      writeFileSync(file, inflateSync(readFileSync(join(repository, objectPath(hash, 'C')))));
      const database = new sqlite.Database(file, { readOnly: true });
      const rows = database.all('SELECT sql FROM sqlite_master WHERE sql IS NOT NULL');
      database.close();
      return rows
        .map(({ sql }) =>
          String(sql)
            .replaceAll(/\s+/g, ' ')
            .replaceAll(/ ?([(),]) ?/g, '$1'),
        )
        .sort();
    }

    /** All that a row says, but for what depends on the compressor and on the clock's nanoseconds. */
    function told({ path, entry, chunks }: CatalogItem): string {
      const { hash, hardlinkGroup, mtimeNs: _ns, xattrs: _xattrs, mtime, ...rest } = entry;
      // A folder gets a file by the dirtab in the one, and not in the other.
      const time = entry.kind === 'directory' || entry.name === '.cvmfscatalog' ? null : mtime;
      const cuts = chunks?.map(({ offset, bytes }) => [offset, bytes]);
      return JSON.stringify({
        path,
        ...rest,
        time,
        isStored: hash !== null,
        isLinked: hardlinkGroup > 0,
        cuts,
      });
    }

    /** Makes the folder that the sample was published from. */
    function unpack(catalogs: ReadonlyMap<string, Catalog>): void {
      const all = [...catalogs.values()].flatMap(({ items }) => items);
      const links = new Map<number, string>();
      for (const { path, entry, chunks } of all.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
        const at = Buffer.from(`${source}${path}`, 'latin1');
        const first = links.get(entry.hardlinkGroup);
        // The dirtab asks for this one.
        if (path === '/data/many/.cvmfscatalog') continue;
        if (entry.kind === 'directory') mkdirSync(at, { recursive: true });
        else if (entry.kind === 'symlink') symlinkSync(Buffer.from(entry.target, 'latin1'), at);
        else if (entry.kind === 'special') execFileSync('mkfifo', ['-m', '644', at.toString()]);
        else if (first !== undefined) linkSync(first, at);
        else {
          const pieces = chunks ?? [{ hash: entry.hash ?? '' }];
          const suffix = chunks ? 'P' : '';
          writeFileSync(at, Buffer.concat(pieces.map(({ hash }) => readObject(sampleFolder, hash, suffix))));
          if (entry.hardlinkGroup > 0) links.set(entry.hardlinkGroup, at.toString());
        }
        if (entry.kind !== 'symlink') chmodSync(at, entry.mode & 0o7777);
        lutimesSync(at, entry.mtime, entry.mtime);
      }
    }
  },
);
