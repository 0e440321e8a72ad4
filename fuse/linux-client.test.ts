import { execFile } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostFolder } from '../ninep/index.ts';
import { type FuseMount, mountTree, whyNoFuse } from './index.ts';

const ENTRIES = 10_000;
const GIGABYTE = 2 ** 30;
const STEP = 50_000_001;
/** What a container may lack is no fault of ours; all else is. */
const missing =
  process.platform === 'linux' && process.geteuid?.() === 0
    ? await whyNoFuse()
    : 'mounting needs Linux and root';
const why = missing === null ? '' : ` (skipped: ${missing})`;

/** Programs of their own: what they ask for is answered here. */
const sh = async (script: string, ...args: string[]) =>
  (await promisify(execFile)('sh', ['-c', script, 'sh', ...args], { maxBuffer: 64 * 2 ** 20 })).stdout;
const mounts = () => readFileSync('/proc/self/mountinfo', 'utf8');

describe.skipIf(why !== '')(`a tree that Linux has mounted${why}`, () => {
  let scratch: string;
  let folder: string;
  let at: string;
  let mounted: FuseMount;
  const errors: unknown[] = [];

  beforeEach(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'bt-fuse-'));
    folder = join(scratch, 'folder');
    at = join(scratch, 'mountpoint');
    mkdirSync(folder);
    mkdirSync(at);
    errors.length = 0;
  });
  afterEach(async () => {
    await mounted.unmount();
    expect(mounts()).not.toContain(at);
    rmSync(scratch, { recursive: true });
    expect(errors).toEqual([]);
  });
  const mount = async () => {
    mounted = await mountTree(hostFolder(folder, { readOnly: true }), at, 'test', (error) =>
      errors.push(error),
    );
  };

  it('is the folder that it is made of: names, attributes, links, content', async () => {
    mkdirSync(join(folder, 'sub/deep'), { recursive: true });
    writeFileSync(join(folder, 'sub/file'), 'content', { mode: 0o640 });
    writeFileSync(join(folder, 'empty'), '');
    writeFileSync(join(folder, 'sub/deep/large'), Buffer.alloc(5_000_001, 'pattern'));
    linkSync(join(folder, 'sub/file'), join(folder, 'again'));
    symlinkSync('sub/file', join(folder, 'link'));
    // Each byte that a name may have.
    for (let byte = 1; byte < 256; byte++)
      if (byte !== 0x2f) writeFileSync(Buffer.concat([Buffer.from(`${folder}/n`), Buffer.from([byte])]), '');
    await mount();
    const look = 'cd "$1" && find . -mindepth 1 -printf "%P %M %n %s %T@ %l\\n" | LC_ALL=C sort | md5sum';
    expect(await sh(look, at)).toBe(await sh(look, folder));
    const sums = 'cd "$1" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum';
    expect(await sh(sums, at)).toBe(await sh(sums, folder));
    expect(await sh('cat "$1/link"; ls -i "$1/again" "$1/sub/file" | cut -d" " -f1 | uniq | wc -l', at)).toBe(
      'content1\n',
    );
  });

  it('lists a large folder whole, and again after it was left half read', async () => {
    for (let i = 0; i < ENTRIES; i++) writeFileSync(join(folder, `entry-${i}`), '');
    await mount();
    await sh('find "$1" | head -n 10 > /dev/null', at);
    expect(await sh('find "$1" -type f | sort -u | wc -l; ls -l "$1" | grep -c entry', at)).toBe(
      `${ENTRIES}\n${ENTRIES}\n`,
    );
  });

  it('is read at any place of a large file, by many at once', async () => {
    const file = join(folder, 'sparse');
    writeFileSync(file, '');
    truncateSync(file, GIGABYTE);
    const handle = await open(file, 'r+');
    for (let i = 0; i < 20; i++) await handle.write(`mark ${i}`.padEnd(8), STEP * i);
    await handle.close();
    await mount();
    const reads = Array.from({ length: 20 }, (_, i) =>
      sh('tail -c +$(($2 + 1)) "$1/sparse" | head -c 8', at, String(STEP * i)),
    );
    expect((await Promise.all(reads)).map((text) => text.trim())).toEqual(
      Array.from({ length: 20 }, (_, i) => `mark ${i}`),
    );
  });

  it('refuses changes, and does not know what was not there when it looked', async () => {
    writeFileSync(join(folder, 'file'), 'content');
    await mount();
    for (const change of [
      'echo x > "$1/new"',
      'rm "$1/file"',
      'echo x >> "$1/file"',
      'mkdir "$1/d"',
      'chmod 777 "$1/file"',
    ])
      await expect(sh(change, at)).rejects.toThrow('Read-only file system');
    await expect(sh('cat "$1/later"', at)).rejects.toThrow('No such file');
    await writeFile(join(folder, 'later'), '');
    await expect(sh('cat "$1/later"', at)).rejects.toThrow('No such file');
    expect(await sh('cat "$1/file"', at)).toBe('content');
  });

  it('is unmounted while somebody is in it, who then is told so', async () => {
    writeFileSync(join(folder, 'file'), 'content');
    await mount();
    const staying = promisify(execFile)('sh', ['-c', 'cd "$1" && echo in && read line; cat file', 'sh', at]);
    const ended = staying.catch((error: Error) => error.message);
    await new Promise((resolve) => staying.child.stdout?.once('data', resolve));
    await mounted.unmount();
    staying.child.stdin?.end('\n');
    expect(await ended).toMatch(/not connected|No such file|Input\/output|aborted/);
  });

  it('is gone when dd was ended, through which it is asked', async () => {
    await mount();
    const pid = (
      await sh(
        'for p in /proc/[0-9]*; do [ "$(cut -d" " -f4 $p/stat 2>/dev/null)" = "$1" ] && [ "$(cat $p/comm)" = dd ] && basename $p; done; true',
        String(process.pid),
      )
    ).trim();
    process.kill(Number(pid), 'SIGKILL');
    await mounted.closed;
    expect(mounts()).not.toContain(at);
  });
});
