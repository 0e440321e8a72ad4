import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeFolder, sha256, sha256File, writeFileAtomic } from './files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-files-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('makeFolder', () => {
  test('makes what is missing, with its mode, and leaves what is there', async () => {
    const path = join(folder, 'a', 'b', 'c');
    await makeFolder(path, 0o700);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    await writeFile(join(path, 'x'), 'kept');
    await makeFolder(path, 0o755);
    expect(await readFile(join(path, 'x'), 'utf8')).toBe('kept');
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  test('several at once make the same one', async () => {
    const path = join(folder, 'a', 'b');
    await Promise.all(Array.from({ length: 8 }, () => makeFolder(path)));
    expect(existsSync(path)).toBe(true);
  });

  test('a file in the way is told', async () => {
    await writeFile(join(folder, 'a'), '');
    await expect(makeFolder(join(folder, 'a'))).rejects.toThrow('EEXIST');
    await expect(makeFolder(join(folder, 'a', 'b'))).rejects.toThrow('ENOTDIR');
  });

  test.skipIf(!existsSync('/proc/self'))('where nothing can be made it says so and ends (needs /proc)', () =>
    expect(makeFolder('/proc/beamtime/x')).rejects.toThrow('ENOENT'),
  );
});

describe('writeFileAtomic', () => {
  test('replaces as a whole and leaves nothing beside', async () => {
    const path = join(folder, 'x');
    await writeFileAtomic(path, 'one');
    await Promise.all(['two', 'six'].map((text) => writeFileAtomic(path, text)));
    expect(['two', 'six']).toContain(await readFile(path, 'utf8'));
    expect(await readdir(folder)).toEqual(['x']);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await sha256File(path)).toBe(sha256(await readFile(path)));
  });

  test('where it cannot, the old bytes stay and nothing is beside', async () => {
    const path = join(folder, 'x');
    await writeFileAtomic(path, 'one');
    await expect(writeFileAtomic(join(folder, 'no', 'x'), 'two')).rejects.toThrow('ENOENT');
    await rm(path);
    await makeFolder(path);
    await chmod(path, 0o700);
    await expect(writeFileAtomic(path, 'two')).rejects.toThrow(/EISDIR|EEXIST|ENOTEMPTY|EPERM/);
    expect(await readdir(folder)).toEqual(['x']);
  });
});
