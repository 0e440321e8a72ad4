import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startEngine } from '../../engine/engine.ts';
import { makeLogger } from '../../platform/log.ts';
import { App, NO_ELECTRON, newHome } from './testkit/app.ts';
import { type Desktop, openDesktop, type Panel } from './testkit/desktop.ts';

const SOON = { timeout: 20_000, interval: 100 };
const LONG = { timeout: 30_000, interval: 100 };
const INVITATION = 'beamtime://join?url=https%3A%2F%2Fproject.example&key=0123456789abcdef0123456789abcdef';

/** Starts out of the ordinary. */
describe.skipIf(NO_ELECTRON)('the desktop app starts', () => {
  let desktop: Desktop;
  let panel: Panel | null = null;
  let home: Awaited<ReturnType<typeof newHome>>;
  let app: App | null = null;

  beforeAll(async () => {
    desktop = await openDesktop();
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
    app = null;
    await home.remove();
  });

  const data = (...names: string[]) => join(home.path, 'data', ...names);

  test('without a tray: a usual window and no error; closing it ends the app and its engine', async () => {
    app = await App.start({ desktop, home: home.path, args: ['--hidden'] });
    const page = await app.window();
    await expect.poll(() => app?.engine(), SOON).toMatchObject({ state: 'running' });
    expect(await app.info(page)).toMatchObject({ hasTray: false });
    const { gone } = app;
    await app.electron.evaluate(() => globalThis.beamtimeShell.window.current?.close()).catch(() => {});
    await gone;
    expect(existsSync(data('engine', 'endpoint.json'))).toBe(false);
    expect(app.log()).not.toContain('"level":50');
  });

  test('by a .beamtime file, with damaged files of its own: these are kept, defaults used, both said', async () => {
    panel ??= await desktop.panel();
    await mkdir(data('desktop'), { recursive: true });
    await writeFile(data('desktop', 'settings.json'), '{"language":"klingon"');
    await writeFile(data('desktop', 'window.json'), '\0\0\0');
    await mkdir(data('desktop', 'told.json'));
    await writeFile(join(home.path, 'project.beamtime'), `# From the open day\n${INVITATION}\n`);
    app = await App.start({ desktop, home: home.path, args: [join(home.path, 'project.beamtime')] });
    const page = await app.window();
    const said = async () => (await page.locator('body').textContent()) ?? '';
    await expect
      .poll(said, LONG)
      .toMatch(/settings\.json was damaged\. It is kept as settings\.json\.damaged-/);
    expect(await said()).toMatch(/window\.json was damaged/);
    expect(await said()).toMatch(/told\.json cannot be read: a folder is in its place/);
    expect(readdirSync(data('desktop')).filter((name) => name.includes('.damaged-'))).toHaveLength(2);
    // The page has taken the invitation and asks about it.
    await expect.poll(() => page.getByRole('textbox').first().inputValue(), LONG).toBe(INVITATION);
    const kept = data('desktop', 'invitation.json');
    expect(statSync(kept).mode & 0o777).toBe(0o600);
    await expect.poll(() => JSON.parse(readFileSync(kept, 'utf8'))).toEqual({ sealed: null });
    await app.quit();
  });

  test('beside an engine that runs already: it is used, and goes on when the app quits', async () => {
    panel ??= await desktop.panel();
    const engine = await startEngine({
      dataFolder: data('engine'),
      port: 0,
      rendererFolder: null,
      log: makeLogger('test', '/dev/null'),
    });
    try {
      app = await App.start({ desktop, home: home.path });
      const page = await app.window();
      await expect
        .poll(() => app?.engine(), SOON)
        .toMatchObject({ state: 'running', ours: false, url: engine.url });
      await expect.poll(() => app?.status(), SOON).toBe('attention');
      expect((await app.api(page, 'GET', '/state')).status).toBe(200);
      await app.quit();
      const head = { authorization: `Bearer ${engine.token}` };
      expect((await fetch(`${engine.url}/api/v1/state`, { headers: head })).status).toBe(200);
    } finally {
      await engine.close();
    }
  });

  test('where the file that names the engine cannot be read, it says so in plain words and offers another try', async () => {
    panel ??= await desktop.panel();
    await mkdir(data('engine', 'endpoint.json'), { recursive: true });
    app = await App.start({ desktop, home: home.path });
    await expect
      .poll(() => app?.engine(), SOON)
      .toMatchObject({
        state: 'restarting',
        reason: expect.stringMatching(/endpoint\.json .* cannot be read: a folder is in its place/),
      });
    await expect.poll(() => app?.tray(), SOON).toMatchObject({ state: 'offline' });
    // The menu follows the icon.
    await expect.poll(async () => Object.keys((await app?.menu()) ?? {}), SOON).toContain('try-again');
  });

  test('where the engine cannot use its folder, the reason is told, and it is tried again', async () => {
    panel ??= await desktop.panel();
    await mkdir(data(), { recursive: true });
    await writeFile(data('engine'), 'a file in the way');
    app = await App.start({ desktop, home: home.path });
    await expect.poll(() => app?.engine(), SOON).toMatchObject({ state: 'restarting' });
    const state = await app.engine();
    expect('reason' in state && state.reason).toMatch(/cannot/);
    expect(await app.invoke(await app.window(), 'restartEngine')).toEqual({ ok: true, value: null });
  });
});
