import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestProject } from '../../engine/testkit/real-project.ts';
import type { EngineState, JoinPreview } from '../../protocol/engine-api.ts';
import { App, NO_ELECTRON, newHome } from './testkit/app.ts';
import { type Desktop, openDesktop, type Panel } from './testkit/desktop.ts';

const LONG = { timeout: 30_000, interval: 100 };

/** One life of the app on a desktop with a tray: what a person does with it, in that order. */
describe.skipIf(NO_ELECTRON)('the desktop app, from first start to quit', () => {
  let desktop: Desktop;
  let panel: Panel;
  let project: TestProject;
  let home: Awaited<ReturnType<typeof newHome>>;
  let app: App;
  let page: Page;

  beforeAll(async () => {
    [desktop, project, home] = await Promise.all([
      openDesktop(),
      TestProject.start({ units: 200, eventsPerUnit: 2000 }),
      newHome(),
    ]);
    panel = await desktop.panel();
    app = await App.start({ desktop, home: home.path, args: ['--insist'] });
    page = await app.window();
  });
  afterAll(async () => {
    await app?.end();
    panel?.end();
    await Promise.all([desktop?.close(), project?.remove(), home?.remove()]);
  });

  const state = async () => (await app.api<EngineState>(page, 'GET', '/state')).body;

  test('window and tray are there, the engine is ours, and the icon asks for attention until a project is joined', async () => {
    await expect.poll(() => app.engine(), LONG).toMatchObject({ state: 'running', ours: true });
    await expect.poll(() => app.tray(), LONG).toMatchObject({ state: 'attention', isThere: true });
    expect((await app.tray()).tooltip).toContain('Join a project');
    expect(await app.info(page)).toMatchObject({ hasTray: true, platform: 'linux', notices: [] });
    await expect.poll(() => panel.icons(), LONG).toBe(1);
  });

  test('a link while it runs raises the window with the invitation, and joining is asked for first', async () => {
    await page.evaluate(() => {
      const bridge = (window as unknown as { beamtimeShell: { on(n: string, l: () => void): void } })
        .beamtimeShell;
      bridge.on('invitation', () => document.documentElement.setAttribute('data-invited', 'yes'));
    });
    expect(await app.again(project.server.invitation)).toBe(0);
    await expect.poll(() => page.getAttribute('html', 'data-invited'), LONG).toBe('yes');
    // The page has taken it, and asks: which project, whose key, what it would run.
    expect(await app.invoke(page, 'takeInvitation')).toEqual({ ok: true, value: null });
    const question = page.getByRole('dialog', { name: 'Join this project?' });
    await question.waitFor(LONG);
    expect(await question.textContent()).toContain(project.server.url);
    expect((await state()).projects).toEqual([]);
    await question.getByRole('button', { name: 'Join', exact: true }).click();
    await expect.poll(async () => (await state()).projects.length, LONG).toBe(1);
    const { invitation } = project.server;
    const preview = await app.api<JoinPreview>(page, 'POST', '/join/preview', { invitation });
    expect.soft(preview).toMatchObject({ status: 200, body: { joined: true } });
  });

  test('it computes, and tells of the first valid work unit once', async () => {
    await expect.poll(async () => (await state()).contribution.unitsValid, LONG).toBeGreaterThan(0);
    await expect.poll(() => app.tray(), LONG).toMatchObject({ state: 'computing' });
    const titles = () => app.electron.evaluate(() => globalThis.beamtimeShell.notifier.titles);
    await expect.poll(titles, LONG).toContain('Your first work unit is valid');
    expect((await titles()).filter((title) => title.includes('first work unit'))).toHaveLength(1);
  });

  test('pause and resume from the tray, and how much to share', async () => {
    await app.choose('pause-hour');
    await expect.poll(() => app.tray(), LONG).toMatchObject({ state: 'paused' });
    const until = Date.parse((await state()).status.pausedUntil ?? '');
    expect(until - Date.now()).toBeGreaterThan(3500_000);
    expect(Object.keys(await app.menu())).toContain('resume');
    await app.choose('resume');
    await expect.poll(() => app.status(), LONG).toBe('computing');
    await app.choose('share-all');
    await expect.poll(async () => (await state()).preferences.reserveWhileActive, LONG).toBe(0);
  });

  test('the engine is told when the machine sleeps and wakes', async () => {
    await app.electron.evaluate(({ powerMonitor }) => void powerMonitor.emit('suspend'));
    await expect.poll(async () => (await state()).status.cause.code, LONG).toBe('suspended');
    await app.electron.evaluate(({ powerMonitor }) => void powerMonitor.emit('resume'));
    await expect.poll(() => app.status(), LONG).toBe('computing');
  });

  test('the machine is kept awake only when asked, and only while something is computed', async () => {
    const awake = () => app.electron.evaluate(() => globalThis.beamtimeShell.power.keepsAwake);
    expect(await awake()).toBe(false);
    const { preferences } = await state();
    await app.api(page, 'PUT', '/preferences', { ...preferences, keepAwake: true });
    await expect.poll(awake, LONG).toBe(true);
    await app.choose('pause-for-good');
    await expect.poll(awake, LONG).toBe(false);
    await app.choose('resume');
    await app.api(page, 'PUT', '/preferences', { ...preferences, keepAwake: false });
    await expect.poll(awake, LONG).toBe(false);
  });

  test('language and colours follow the settings at once', async () => {
    await app.settings(page, { language: 'fr', scheme: 'dark' });
    expect((await app.menu()).quit).toBe('Quitter');
    const isDark = () => page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches);
    await expect.poll(isDark, LONG).toBe(true);
    await app.settings(page, { scheme: 'light', language: 'en' });
    await expect.poll(isDark, LONG).toBe(false);
    expect((await app.menu()).quit).toBe('Quit');
  });

  test('starting at login is an entry that starts this app with its window closed, and goes again', async () => {
    const entry = join(home.path, 'config', 'autostart', 'beamtime.desktop');
    await app.settings(page, { startAtLogin: true });
    expect(readFileSync(entry, 'utf8')).toMatch(/^Exec=.*electron.* --hidden$/m);
    await app.settings(page, { startAtLogin: false });
    expect(existsSync(entry)).toBe(false);
  });

  test('an engine that is killed under the window is told of and started again', async () => {
    await page.evaluate(() => {
      const seen: string[] = [];
      Object.assign(window, { seen });
      const bridge = (
        window as unknown as { beamtimeShell: { on(n: string, l: (v: unknown) => void): void } }
      ).beamtimeShell;
      bridge.on('engine', (value) => seen.push((value as { state: string }).state));
    });
    const { pid } = JSON.parse(readFileSync(join(app.dataFolder, 'engine', 'endpoint.json'), 'utf8'));
    process.kill(pid, 'SIGKILL');
    const seen = () => page.evaluate(() => (window as unknown as { seen: string[] }).seen);
    await expect.poll(seen, LONG).toEqual(['restarting', 'starting', 'running']);
    await expect.poll(() => app.status(), LONG).toBe('computing');
    expect((await state()).projects).toHaveLength(1);
  });

  test('a panel that restarts gets the icon again', async () => {
    panel.end();
    await expect.poll(() => app.tray(), LONG).toMatchObject({ isThere: false });
    panel = await desktop.panel();
    await expect.poll(() => app.tray(), LONG).toMatchObject({ isThere: true });
    await expect.poll(() => panel.icons(), LONG).toBe(1);
  });

  test('closing the window leaves the tray, says so once, and gives the memory back', async () => {
    const hinted = async () =>
      (await app.electron.evaluate(() => globalThis.beamtimeShell.notifier.titles)).filter((title) =>
        title.includes('goes on in the tray'),
      ).length;
    for (let i = 0; i < 2; i++) {
      await app.electron.evaluate(() => globalThis.beamtimeShell.window.current?.close());
      await expect.poll(() => app.windows(), LONG).toBe(0);
      await expect.poll(() => app.status(), LONG).toBe('computing');
      const opened = app.electron.waitForEvent('window');
      if (i === 0) await app.choose('open');
      else expect(await app.again()).toBe(0);
      page = await opened;
      await page.waitForLoadState();
    }
    expect(await hinted()).toBe(1);
  });

  test('opening and closing the window many times leaves nothing behind', async () => {
    const measure = async () => {
      await app.collectGarbage();
      return app.electron.evaluate(({ app: electron }) => ({
        processes: electron.getAppMetrics().length,
        heap: process.memoryUsage().heapUsed,
        handles: (process as unknown as { getActiveResourcesInfo(): string[] }).getActiveResourcesInfo()
          .length,
      }));
    };
    const round = async () => {
      await app.electron.evaluate(() => globalThis.beamtimeShell.window.current?.close());
      await expect.poll(() => app.windows(), LONG).toBe(0);
      const opened = app.electron.waitForEvent('window');
      await app.choose('open');
      page = await opened;
      await app.api(page, 'GET', '/state');
    };
    await round();
    const before = await measure();
    for (let i = 0; i < 6; i++) await round();
    // What is on its way out goes; a stream to the engine that stays open would be a handle more for each time.
    const grown = async () => {
      const after = await measure();
      return {
        processes: after.processes - before.processes > 1,
        handles: after.handles - before.handles >= 5,
        heap: (after.heap - before.heap) / 1e6 >= 8,
      };
    };
    await expect.poll(grown, LONG).toEqual({ processes: false, handles: false, heap: false });
  });

  test('quitting ends everything in under five seconds, and what was in hand is kept', async () => {
    const before = await state();
    const { ms, left } = await app.quit();
    expect(left).toEqual([]);
    expect(ms).toBeLessThan(5000);
    app = await App.start({ desktop, home: home.path, args: ['--insist', '--hidden'] });
    await expect.poll(() => app.status(), LONG).toBe('computing');
    expect(app.windows()).toBe(0);
    const opened = app.electron.waitForEvent('window');
    await app.choose('contribution');
    page = await opened;
    await page.waitForLoadState();
    const after = await state();
    expect(after.contribution.unitsValid).toBeGreaterThanOrEqual(before.contribution.unitsValid);
    expect(after.projects).toHaveLength(1);
  });

  test('finish current work and quit: no new work, then all ends', async () => {
    const { gone } = app;
    await app.choose('finish');
    await gone;
    const log = readFileSync(join(app.dataFolder, 'engine', 'engine.log'), 'utf8')
      .trimEnd()
      .split('\n');
    expect(JSON.parse(log.at(-1) ?? '{}').msg).toBe('engine ended');
  });
});
