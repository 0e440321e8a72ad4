import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CpioEntry, writeCpio } from './cpio.ts';

const data = new Uint8Array([0, 255, 10, 13, 7]);
const entries: CpioEntry[] = [
  { kind: 'directory', path: 'bin', mode: 0o755 },
  { kind: 'file', path: 'bin/tool', mode: 0o750, data },
  { kind: 'file', path: 'empty', mode: 0o644, data: new Uint8Array() },
  { kind: 'symlink', path: 'bin/sh', target: 'tool' },
];
const hasCpio = spawnSync('cpio', ['--version']).status === 0;

describe('writeCpio', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'beamtime-cpio-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it.runIf(hasCpio)("is unpacked by Debian's cpio to the same tree", () => {
    execFileSync('cpio', ['-idm', '--quiet'], { cwd: folder, input: writeCpio(entries) });
    expect(new Uint8Array(readFileSync(join(folder, 'bin/tool')))).toEqual(data);
    expect(lstatSync(join(folder, 'bin/tool')).mode).toBe(0o100750);
    expect(lstatSync(join(folder, 'bin/tool')).mtimeMs).toBe(0);
    expect(readFileSync(join(folder, 'empty')).length).toBe(0);
    expect(readlinkSync(join(folder, 'bin/sh'))).toBe('tool');
    expect(existsSync(join(folder, 'TRAILER!!!'))).toBe(false);
  });

  it.runIf(hasCpio)("lists a device node with its numbers in Debian's cpio", () => {
    const archive = writeCpio([
      { kind: 'character', path: 'console', mode: 0o600, device: { major: 5, minor: 1 } },
    ]);
    const listing = execFileSync('cpio', ['-itv', '--quiet'], { input: archive, encoding: 'utf8' });
    expect(listing).toMatch(/^crw-------\s+1 root\s+root\s+5,\s+1 .* console$/m);
  });

  it('gives the same bytes for the same entries', () => {
    expect(writeCpio(entries)).toEqual(writeCpio(structuredClone(entries)));
  });

  it('refuses a path that would land elsewhere', () => {
    const at = (path: string) => () => writeCpio([{ kind: 'directory', path, mode: 0o755 }]);
    expect(at('/etc')).toThrow('not a relative path');
    expect(at('')).toThrow('not a relative path');
  });
});
