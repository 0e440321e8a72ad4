import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestProject } from '../../engine/testkit/real-project.ts';
import type { EngineState } from '../../protocol/engine-api.ts';
import { App, NO_ELECTRON, newHome } from './testkit/app.ts';
import { type Desktop, openDesktop, type Panel } from './testkit/desktop.ts';

const LONG = { timeout: 80_000, interval: 200 };

/** What breaks under the app while it is used. */
describe.skipIf(NO_ELECTRON)('the desktop app, when something breaks:', () => {
  let desktop: Desktop;
  let panel: Panel;
  let home: Awaited<ReturnType<typeof newHome>>;
  let app: App;

  beforeAll(async () => {
    desktop = await openDesktop();
    panel = await desktop.panel();
  });
  afterAll(async () => {
    panel?.end();
    await desktop?.close();
  });
  beforeEach(async () => {
    home = await newHome();
  });
  afterEach(async () => {
    await app?.end();
    await home.remove();
  });

  /** Of Chromium's processes, that of this type. */
  const processOf = (type: 'GPU' | 'Tab') =>
    app.electron.evaluate(
      ({ app: electron }, wanted) =>
        electron.getAppMetrics().find((one) => one.type === wanted && one.pid > 0)?.pid ?? 0,
      type,
    );
  /** What the page holds, asked by the main process: Playwright loses a page whose process died. */
  const heading = () =>
    app.electron.evaluate(async () => {
      const { current } = globalThis.beamtimeShell.window;
      return (await current?.webContents.executeJavaScript(
        'document.querySelector("h1")?.textContent ?? ""',
      )) as string | undefined;
    });
  /** Colours of the window as the compositor draws it now: one alone means that nothing is drawn. */
  const coloursDrawn = () =>
    app.electron.evaluate(async () => {
      const image = await globalThis.beamtimeShell.window.current?.webContents.capturePage();
      const pixels = image?.toBitmap() ?? Buffer.alloc(0);
      const colours = new Set<number>();
      for (let at = 0; at + 4 <= pixels.length; at += 4000) colours.add(pixels.readUInt32LE(at));
      return colours.size;
    });

  test('the graphics process is killed: another takes over, and the window is drawn and used as before', async () => {
    app = await App.start({ desktop, home: home.path });
    const page = await app.window();
    await page.locator('h1').waitFor(LONG);
    for (let i = 0; i < 2; i++) {
      const pid = await processOf('GPU');
      expect(pid).toBeGreaterThan(0);
      process.kill(pid, 'SIGKILL');
      await expect.poll(() => app.log(), LONG).toContain('"type":"GPU"');
      await expect.poll(() => processOf('GPU'), LONG).not.toBe(pid);
      await expect.poll(coloursDrawn, LONG).toBeGreaterThan(3);
    }
    await page.getByRole('link', { name: 'Health' }).click();
    await page.getByRole('heading', { name: 'Health', level: 1 }).waitFor(LONG);
    await expect.poll(coloursDrawn, LONG).toBeGreaterThan(3);
  });

  test("the page's process is killed: it is loaded anew, said so, and given up only when that does not help", async () => {
    app = await App.start({ desktop, home: home.path });
    await (await app.window()).locator('h1').waitFor(LONG);
    const before = await heading();
    expect(before).toBeTruthy();
    const kill = async () => {
      const pid = await processOf('Tab');
      expect(pid).toBeGreaterThan(0);
      process.kill(pid, 'SIGKILL');
      await expect.poll(() => processOf('Tab'), LONG).not.toBe(pid);
    };
    const FAULTS_MENDED = 3;
    for (let i = 0; i < FAULTS_MENDED; i++) {
      await kill();
      await expect.poll(heading, LONG).toBe(before);
      if (i > 0) continue;
      const body = () =>
        app.electron.evaluate(async () =>
          String(
            await globalThis.beamtimeShell.window.current?.webContents.executeJavaScript(
              'document.body.textContent',
            ),
          ),
        );
      await expect.poll(body, LONG).toContain('The window had to be loaded again');
    }
    await kill();
    // The last resort: words without a script, while the engine goes on.
    await expect.poll(heading, LONG).toBe('Beamtime cannot show its window');
    expect(await app.engine()).toMatchObject({ state: 'running' });
  });

  test('the engine cannot start until what is in its way is gone: then the button on the page starts it', async () => {
    const inTheWay = join(home.path, 'data', 'engine', 'endpoint.json');
    mkdirSync(inTheWay, { recursive: true });
    app = await App.start({ desktop, home: home.path });
    const page = await app.window();
    // It tries again by itself, each time later.
    const wait = async () => {
      const state = await app.engine();
      return state.state === 'restarting' ? state.inSeconds : 0;
    };
    await expect.poll(wait, LONG).toBeGreaterThan(6);
    rmdirSync(inTheWay);
    await page.getByRole('button', { name: 'Try now' }).click();
    await page.getByRole('heading', { name: 'Your spare cores can do particle physics' }).waitFor(LONG);
    expect(await app.engine()).toMatchObject({ state: 'running', ours: true });
  });

  test.skipIf(!canMount())(
    'the disk is full: the page says so, nothing is lost, and it goes on when there is room',
    async () => {
      const data = join(home.path, 'data');
      mkdirSync(data);
      mount(data, '96m');
      const project = await TestProject.start({ units: 400, eventsPerUnit: 200_000 });
      try {
        app = await App.start({ desktop, home: home.path, args: ['--insist'] });
        const page = await app.window();
        await page.locator('h1').waitFor(LONG);
        await page.getByRole('button', { name: 'Skip' }).click();
        const state = async () => (await app.api<EngineState>(page, 'GET', '/state')).body;
        await app.api(page, 'POST', '/join', { invitation: project.server.invitation });
        await expect.poll(async () => (await state()).contribution.unitsValid, LONG).toBeGreaterThan(0);
        const before = (await state()).contribution;

        // What the engine frees meanwhile is taken too, as another program would.
        const filler = join(data, 'filler');
        const filling = setInterval(() => fill(filler, data), 50);
        try {
          const sentence = page.getByRole('heading', {
            name: /^The disk is full/,
          });
          await sentence.waitFor(LONG);
        } finally {
          clearInterval(filling);
        }
        expect(await app.tray()).toMatchObject({ state: 'attention' });
        expect((await state()).contribution.unitsValid).toBeGreaterThanOrEqual(before.unitsValid);

        rmSync(filler);
        await page.getByRole('button', { name: 'Try now' }).click();
        await expect.poll(() => app.status(), LONG).toBe('computing');
        const valid = (await state()).contribution.unitsValid;
        await expect.poll(async () => (await state()).contribution.unitsValid, LONG).toBeGreaterThan(valid);

        // What was counted is still there after another start, and no file of ours was found damaged.
        const counted = (await state()).contribution.eventsValid;
        await app.quit();
        app = await App.start({ desktop, home: home.path, args: ['--insist'] });
        const again: Page = await app.window();
        await again.locator('h1').waitFor(LONG);
        const after = (await app.api<EngineState>(again, 'GET', '/state')).body;
        expect(after.contribution.eventsValid).toBeGreaterThanOrEqual(counted);
        expect(after.projects).toHaveLength(1);
        expect(readFileSync(join(data, 'desktop', 'shell.log'), 'utf8')).not.toContain('damaged');
        expect(await app.info(again)).toMatchObject({ notices: [] });
      } finally {
        await app.end();
        await project.remove();
        spawnSync('umount', ['--lazy', data]);
      }
    },
  );
});

/** A small file system of the test's own; only root may make one, and not in every container. */
function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return no();
  const folder = `/tmp/bt-mount-${process.pid}`;
  mkdirSync(folder);
  try {
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]).status === 0;
    if (mounted) spawnSync('umount', [folder]);
    return mounted || no();
  } finally {
    rmdirSync(folder);
  }
  function no(): false {
    console.warn('the full disk is not tested: a small file system cannot be mounted here');
    return false;
  }
}

function mount(folder: string, size: string): void {
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]);
  if (status !== 0) throw new Error(`mount: ${stderr}`);
}

/** Writes until not one byte more fits, also where others free some meanwhile. */
function fill(file: string, folder: string): void {
  const block = Buffer.alloc(64 * 1024);
  for (let size = block.length; ; ) {
    try {
      writeFileSync(file, block.subarray(0, size), { flag: 'a' });
    } catch {
      if (size === 1 || statfsSync(folder).bavail === 0) return;
      size = Math.max(1, size >> 1);
    }
  }
}
