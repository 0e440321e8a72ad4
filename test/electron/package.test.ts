import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { TestProject } from '../../engine/testkit/real-project.ts';
import { EngineEndpoint, type EngineState } from '../../protocol/engine-api.ts';
import { root } from '../testkit/command.ts';
import { settle } from '../testkit/leftovers.ts';
import { electron } from './testkit/app.ts';
import { type Desktop, openDesktop } from './testkit/desktop.ts';

const require = createRequire(import.meta.url);
const hasDpkg = spawnSync('dpkg-deb', ['--version']).status === 0;
const SOON = { timeout: 40_000, interval: 200 };

/** The package of this system, built with the Electron that is here, installed into a root of its own, used and removed. */
describe.skipIf(!electron || !hasDpkg || process.platform !== 'linux')('the .deb', () => {
  let folder: string;
  let deb: string;
  let desktop: Desktop;
  let project: TestProject;

  beforeAll(async () => {
    // On the disk of the clone: the runtime's big files are then linked and not copied.
    folder = await mkdtemp(join(root, '.cache', 'package-'));
    const [openedDesktop, openedProject] = await Promise.all([
      openDesktop(),
      TestProject.start({ units: 20, eventsPerUnit: 1000 }),
    ]);
    desktop = openedDesktop;
    project = openedProject;
    deb = build(folder);
  });
  afterAll(async () => {
    await Promise.all([desktop?.close(), project?.remove()]);
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  test('what is ours in it is small, and its fuses are set', () => {
    const resources = join(folder, 'packages', 'linux-unpacked', 'resources');
    expect(sizeOf(resources) / 1e6).toBeLessThan(25);
    const wire = fuses(join(folder, 'packages', 'linux-unpacked', 'beamtime'));
    // '1' on, '0' off, in the order of @electron/fuses FuseV1Options; the last one is unknown to older Electrons.
    expect(wire.slice(0, 7)).toBe('1100110');
  });

  test('it says what it needs, and what opens with it', () => {
    const field = (name: string) => spawnSync('dpkg-deb', ['-f', deb, name], { encoding: 'utf8' }).stdout;
    expect(field('Depends')).toContain('qemu-system-x86');
    const scratch = join(folder, 'files');
    spawnSync('dpkg-deb', ['-x', deb, scratch]);
    const entry = readFileSync(join(scratch, 'usr/share/applications/beamtime.desktop'), 'utf8');
    expect(entry).toMatch(/^MimeType=.*x-scheme-handler\/beamtime;.*application\/x-beamtime/m);
    expect(entry).toMatch(/^Exec=\/opt\/Beamtime\/beamtime %U$/m);
    expect(readFileSync(join(scratch, 'usr/share/mime/packages/beamtime.xml'), 'utf8')).toContain(
      '*.beamtime',
    );
    expect(existsSync(join(scratch, 'usr/share/icons/hicolor/256x256/apps/beamtime.png'))).toBe(true);
    rmSync(scratch, { recursive: true });
  });

  test('installed it starts, computes a work unit that the project finds valid, and is gone when removed', async () => {
    const at = join(folder, 'root');
    // Unpacked without its scripts, which are for a whole system: /usr/bin and the desktop's databases.
    const dpkg = (...args: string[]) =>
      spawnSync('dpkg', [`--root=${at}`, '--force-all', '--log=/dev/null', ...args], { encoding: 'utf8' });
    for (const name of ['info', 'updates', 'triggers'])
      mkdirSync(join(at, 'var/lib/dpkg', name), { recursive: true });
    writeFileSync(join(at, 'var/lib/dpkg/status'), '');
    const before = filesBelow(at);
    expect(dpkg('--unpack', deb).status).toBe(0);

    const home = join(folder, 'home');
    const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const app = spawn(join(at, 'opt/Beamtime/beamtime'), ['--disable-gpu', '--insist', ...sandbox], {
      env: {
        ...process.env,
        ...desktop.env,
        HOME: home,
        XDG_CONFIG_HOME: home,
        BEAMTIME_DATA: join(home, 'data'),
        TMPDIR: folder,
      },
      stdio: 'ignore',
    });
    const gone = new Promise((resolve) => app.once('exit', resolve));
    try {
      const endpoint = join(home, 'data/engine/endpoint.json');
      await expect.poll(() => existsSync(endpoint), SOON).toBe(true);
      const { url, token } = EngineEndpoint.parse(JSON.parse(readFileSync(endpoint, 'utf8')));
      const ask = (path: string, init: RequestInit = {}) =>
        fetch(`${url}/api/v1${path}`, { ...init, headers: { authorization: `Bearer ${token}` } });
      const { invitation } = project.server;
      expect((await ask('/join', { method: 'POST', body: JSON.stringify({ invitation }) })).status).toBe(200);
      const valid = async () => ((await (await ask('/state')).json()) as EngineState).contribution.unitsValid;
      await expect.poll(valid, SOON).toBeGreaterThan(0);
    } finally {
      app.kill('SIGTERM');
      await gone;
    }
    expect(await settle(home, 5000)).toEqual([]);

    for (const name of readdirSync(join(at, 'var/lib/dpkg/info')).filter((one) => /\.p(ost|re)/.test(one)))
      rmSync(join(at, 'var/lib/dpkg/info', name));
    const purged = dpkg('--purge', 'beamtime');
    expect(purged.stderr).toBe('');
    const left = filesBelow(at).filter((file) => !before.includes(file) && !file.startsWith('var/lib/dpkg/'));
    expect(left).toEqual([]);
  });
});

/** Runs electron-builder by our configuration, but with the Electron that is here. @returns the package */
function build(folder: string): string {
  const dist = join(folder, 'dist');
  const from = dirname(electron?.executable ?? '');
  spawnSync('cp', ['-al', from, dist]);
  rmSync(join(dist, 'resources/app'), { recursive: true, force: true });
  const config = parse(readFileSync(join(root, 'electron-builder.yml'), 'utf8'));
  config.directories.output = join(folder, 'packages');
  config.electronDist = dist;
  if (!electron?.official) {
    config.electronVersion = '25.1.1';
    // It came after that version.
    delete config.electronFuses.grantFileProtocolExtraPrivileges;
  }
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  mkdirSync(join(folder, 'bin'));
  symlinkSync(join(root, 'test/electron/testkit/fpm.mjs'), join(folder, 'bin/fpm'));
  const built = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/electron-builder/cli.js'),
      '--config',
      join(folder, 'config.json'),
      '--linux',
      'deb',
    ],
    {
      cwd: root,
      encoding: 'utf8',
      env: {
        ...process.env,
        PATH: `${join(folder, 'bin')}:${dirname(process.execPath)}:${process.env.PATH}`,
        USE_SYSTEM_FPM: 'true',
        TMPDIR: folder,
      },
    },
  );
  if (built.status !== 0) throw new Error(`electron-builder: ${built.stdout}${built.stderr}`.slice(-3000));
  const name = readdirSync(join(folder, 'packages')).find((file) => file.endsWith('.deb'));
  if (!name) throw new Error('electron-builder made no .deb');
  return join(folder, 'packages', name);
}

/** The wire after its sentinel: version, length, one character a fuse. */
function fuses(executable: string): string {
  const { SENTINEL } = require('@electron/fuses/dist/constants.js') as { SENTINEL: string };
  const data = readFileSync(executable);
  const at = data.indexOf(SENTINEL) + SENTINEL.length;
  return data.toString('latin1', at + 2, at + 2 + (data[at + 1] ?? 0));
}

function sizeOf(path: string): number {
  const found = statSync(path);
  if (!found.isDirectory()) return found.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
