import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  hasSample,
  SAMPLE_NAME,
  sampleExpected,
  sampleFolder,
  sampleMasterKey,
  scratch,
} from '../testkit/sample.ts';
import { serveRepository } from '../testkit/server.ts';
import { ObjectCache, parseMasterKeys, Repository } from './index.ts';

describe.skipIf(!hasSample)('the sample (skipped where it is not here)', () => {
  const folder = hasSample ? scratch() : '';

  test('shows what the reference client shows, and again without its server', async () => {
    const server = await serveRepository(SAMPLE_NAME, sampleFolder);
    for (const servers of [[server.url], []]) {
      const repository = await Repository.open({
        repository: SAMPLE_NAME,
        servers,
        masterKeys: parseMasterKeys(sampleMasterKey()),
        cache: await ObjectCache.open(folder, 1e8),
        stateFolder: folder,
      });
      const { snapshot } = repository;
      const expected = sampleExpected();
      const seen: string[] = [''];
      for (let i = 0; i < seen.length; i++) {
        const path = seen[i] ?? '';
        const { entry } = await snapshot.lookup(path);
        if (entry.kind === 'directory') for (const child of await snapshot.list(path)) seen.push(child.path);
      }
      expect(seen.length).toBe(expected.length);
      for (const one of expected) {
        const path = one.path === '/' ? '' : Buffer.from(one.path, 'utf8').toString('latin1');
        const located = await snapshot.lookup(path);
        const { entry } = located;
        expect(seen).toContain(path);
        expect([entry.mode, entry.links], one.path).toEqual([Number.parseInt(one.mode, 8), one.nlink]);
        if (one.type === 'symlink') expect(await snapshot.readLink(path)).toBe(one.target);
        if (one.type !== 'file') continue;
        const content = await snapshot.readFile(path);
        expect([content.length, createHash('sha256').update(content).digest('hex')], one.path).toEqual([
          one.size,
          one.sha256,
        ]);
      }
      const ids = await Promise.all(
        ['/misc/a', '/misc/b', '/misc/empty'].map(async (path) => snapshot.idOf(await snapshot.lookup(path))),
      );
      expect([ids[0] === ids[1], ids[0] === ids[2]]).toEqual([true, false]);
      await repository.close();
    }
  });
});
