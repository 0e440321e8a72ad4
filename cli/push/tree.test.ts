import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { sha256 } from '../../platform/files.ts';
import { TreeManifest } from '../../protocol/tree.ts';
import { RefusedError } from '../errors.ts';
import { treeOf } from './tree.ts';

const folder = mkdtempSync(join(tmpdir(), 'beamtime-tree-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a folder becomes a manifest that engines take, each file stored', async () => {
  const stored = new Map<string, string>();
  const store = async (path: string, data: Buffer) => {
    stored.set(path, data.toString());
    return { sha256: sha256(data), bytes: data.length };
  };
  await expect(treeOf(folder, store)).rejects.toThrow(RefusedError);
  mkdirSync(join(folder, 'usr/bin'), { recursive: true });
  mkdirSync(join(folder, 'usr-b'));
  writeFileSync(join(folder, 'usr/bin/run'), 'run');
  chmodSync(join(folder, 'usr/bin/run'), 0o755);
  writeFileSync(join(folder, 'usr-b/data'), 'data');
  // Links stay links, wherever they lead.
  symlinkSync('/etc/passwd', join(folder, 'usr/link'));
  const manifest = await treeOf(folder, store);
  expect(TreeManifest.parse(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest);
  expect(manifest.entries).toEqual([
    { path: 'usr-b/data', sha256: sha256(Buffer.from('data')), bytes: 4, executable: false },
    { path: 'usr/bin/run', sha256: sha256(Buffer.from('run')), bytes: 3, executable: true },
    { path: 'usr/link', target: '/etc/passwd' },
  ]);
  expect([...stored.keys()]).toEqual(['usr-b/data', 'usr/bin/run']);
});
