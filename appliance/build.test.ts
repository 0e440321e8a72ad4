import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MODULES } from './image.ts';

const HERE = import.meta.dirname;
const BUILT = join(HERE, '..', 'build', 'appliance');
const run = promisify(execFile);

function whyNotBuilt(): string | null {
  return existsSync(join(BUILT, 'made.json')) ? null : 'build/appliance is missing: node appliance/build.ts';
}

const why = whyNotBuilt();

describe.skipIf(why !== null)(`the appliance (${why ?? 'as built'})`, () => {
  test('kernel and initrd are at most 10 MB together', async () => {
    const sizes = await Promise.all(
      ['kernel', 'initrd'].map(async (name) => (await stat(join(BUILT, name))).size),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(10e6);
  });

  test('the same inputs give the same bytes, elsewhere, at another time, for another user', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'beamtime-appliance-'));
    try {
      const made = JSON.parse(await readFile(join(BUILT, 'made.json'), 'utf8'));
      const build = async (name: string, zone: string) => {
        const output = join(folder, name);
        const script = `
          process.umask(0o077);
          const { buildAppliance } = await import(${JSON.stringify(join(HERE, 'build.ts'))});
          await buildAppliance(() => {}, ${JSON.stringify(output)});`;
        await run(process.execPath, ['--input-type=module', '-e', script], {
          cwd: folder,
          env: { ...process.env, TZ: zone, LANG: 'C', SOURCE_DATE_EPOCH: '' },
        });
        return output;
      };
      const again = await build('one', 'Pacific/Auckland');
      const inputs = JSON.parse(await readFile(join(again, 'made.json'), 'utf8')).inputs;
      // What set-up built is the other build, unless a package or a script has changed since.
      const first = inputs === made.inputs ? BUILT : await build('two', 'America/Caracas');
      for (const name of ['kernel', 'initrd', 'appliance.yaml', 'made.json']) {
        const [one, two] = await Promise.all([first, again].map((at) => readFile(join(at, name))));
        expect(one?.equals(two ?? Buffer.alloc(0)), name).toBe(true);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 240_000);
});

const hasCpio = (() => {
  try {
    execFileSync('cpio', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(why !== null || !hasCpio)(
  `the initrd (${why ?? (hasCpio ? 'unpacked' : 'no cpio here')})`,
  () => {
    let listing: string[] = [];
    let folder = '';

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'beamtime-initrd-'));
      const archive = gunzipSync(await readFile(join(BUILT, 'initrd')));
      listing = execFileSync('cpio', ['-itv', '--quiet'], { input: archive, encoding: 'utf8' })
        .trimEnd()
        .split('\n');
      execFileSync('cpio', ['-id', '--quiet', 'bin/busybox', 'modules/*'], { cwd: folder, input: archive });
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    test("is all root's, nothing in it is for others to write but devices, and no program gives rights", () => {
      expect(listing.length).toBeGreaterThan(50);
      for (const line of listing) {
        expect(line).toMatch(/^.{10}\s+\d+ root\s+root/);
        if (!/^[lc]/.test(line)) expect(line, 'writable').not.toMatch(/^.(....w....|.......w.)/);
        expect(line, 'set-user-id').not.toMatch(/^.{3,6}[sS]/);
      }
      expect(
        listing.find((line) => / \.$/.test(line)),
        'the root itself',
      ).toMatch(/^drwxr-xr-x/);
      expect(
        listing.find((line) => / host\/tree$/.test(line)),
        'the host tree',
      ).toMatch(/^drwx------/);
    });

    test("every command's name is one that busybox has", () => {
      const known = execFileSync(join(folder, 'bin/busybox'), ['--list'], { encoding: 'utf8' }).split('\n');
      const names = listing.flatMap((line) => / bin\/(\S+) -> busybox$/.exec(line)?.[1] ?? []);
      expect(names).toContain('sh');
      expect(names.filter((name) => !known.includes(name))).toEqual([]);
    });

    test('holds each module it loads, in the order they need one another', async () => {
      const order = (await readFile(join(folder, 'modules/order'), 'utf8')).trimEnd().split('\n');
      expect(order).toEqual([...MODULES]);
      for (const [i, name] of order.entries()) {
        const module = await readFile(join(folder, `modules/${name}.ko`), 'latin1');
        const needs = (/\0depends=([^\0]*)\0/.exec(module)?.[1] ?? '').split(',').filter(Boolean);
        expect(order.slice(0, i), `${name} needs`).toEqual(expect.arrayContaining(needs));
      }
    });
  },
);

test('init and agent are short enough to be read', async () => {
  const scripts = await Promise.all(
    ['init', 'agent'].map((name) => readFile(join(HERE, 'guest', name), 'utf8')),
  );
  const lines = scripts.reduce((sum, script) => sum + script.split('\n').length - 1, 0);
  expect(lines).toBeGreaterThan(10);
  expect(lines).toBeLessThan(150);
});
