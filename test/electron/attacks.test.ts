import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { App, NO_ELECTRON, newHome } from './testkit/app.ts';
import { type Desktop, openDesktop } from './testkit/desktop.ts';

/** What somebody could try who has got a script, or words, into our page. */
describe.skipIf(NO_ELECTRON)('attacks on the window', () => {
  let desktop: Desktop;
  let home: Awaited<ReturnType<typeof newHome>>;
  let app: App;
  let page: Page;
  let elsewhere: Server;
  let address: string;
  let asked = 0;

  beforeAll(async () => {
    elsewhere = createServer((_, answer) => {
      asked++;
      answer.writeHead(200, { 'access-control-allow-origin': '*', 'content-type': 'text/html' });
      answer.end('<script>top.stolen = true</script>');
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
    [desktop, home] = await Promise.all([openDesktop(), newHome()]);
    app = await App.start({ desktop, home: home.path });
    page = await app.window();
  });
  afterAll(async () => {
    await app?.end();
    elsewhere?.close();
    await Promise.all([desktop?.close(), home?.remove()]);
  });

  test('the page has nothing of Node or Electron, and of the shell only what was promised', async () => {
    const found = await page.evaluate(() => ({
      names: ['require', 'process', 'module', 'Buffer', 'global', 'electron', 'ipcRenderer'].filter(
        (name) => name in window,
      ),
      bridge: Object.keys((window as unknown as { beamtimeShell: object }).beamtimeShell),
    }));
    expect(found).toEqual({ names: [], bridge: ['invoke', 'on'] });
  });

  test('its policy has no unsafe word, and inline script, eval and foreign script do not run', async () => {
    const policy = await page.evaluate(async () =>
      (await fetch('/index.html')).headers.get('content-security-policy'),
    );
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    const ran = await page.evaluate(async (from) => {
      const add = (change: (script: HTMLScriptElement) => void) => {
        const script = document.createElement('script');
        change(script);
        document.head.append(script);
      };
      add((script) => {
        script.textContent = 'window.inlineRan = true';
      });
      add((script) => {
        script.src = `${from}/x.js`;
      });
      const frame = document.createElement('iframe');
      frame.srcdoc = '<script>top.stolen = true</script>';
      document.body.append(frame);
      const image = new Image();
      image.src = `${from}/pixel.png`;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return ['inlineRan', 'stolen'].filter((name) => name in window);
    }, address);
    expect(ran).toEqual([]);
    expect(asked).toBe(0);
  });

  test('it can tell nobody anything: no request leaves but to the engine, through the shell', async () => {
    const outcomes = await page.evaluate(async (to) => {
      const engine = 'http://127.0.0.1:1/api/v1/state';
      const tries = [
        to,
        engine,
        'https://example.com/',
        'file:///etc/passwd',
        'beamtime-app://other/index.html',
      ];
      return Promise.all(
        tries.map((url) =>
          fetch(url).then(
            (answer) => `answered ${answer.status}`,
            () => 'refused',
          ),
        ),
      );
    }, address);
    expect(outcomes).toEqual(['refused', 'refused', 'refused', 'refused', 'refused']);
    expect(asked).toBe(0);
  });

  test('files beside the pages are not served, whatever the path', async () => {
    const statuses = await page.evaluate(async () =>
      Promise.all(
        ['/../main.cjs', '/%2e%2e/main.cjs', '/..%2fmain.cjs', '/assets/..%5c..%5cmain.cjs', '/.inputs'].map(
          async (path) => (await fetch(path)).status,
        ),
      ),
    );
    expect(statuses).toEqual([404, 404, 404, 404, 404]);
  });

  test("the engine's token and address do not reach the page", async () => {
    await expect.poll(() => app.engine(), { timeout: 20_000 }).toMatchObject({ state: 'running' });
    const engine = await app.engine();
    const answer = await app.invoke(page, 'engine');
    if (engine.state !== 'running') throw new Error('no engine');
    expect(JSON.stringify(answer)).not.toContain(engine.token);
    expect(JSON.stringify(answer)).not.toContain(engine.url);
    expect((await app.api(page, 'GET', '/state')).status).toBe(200);
    expect((await app.api(page, 'GET', '/../../x')).status).toBe(404);
    // And the address is of no use without the token.
    expect((await fetch(`${engine.url}/api/v1/state`)).status).toBe(401);
  });

  test('navigation and new windows are refused', async () => {
    await page.evaluate((to) => {
      window.open(to);
      window.open('file:///etc/passwd');
      const link = Object.assign(document.createElement('a'), { href: to, target: '_blank' });
      document.body.append(link);
      link.click();
      location.href = to;
    }, address);
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
    expect(page.url()).toMatch(/^beamtime-app:\/\/pages\//);
    expect(app.windows()).toBe(1);
    expect(asked).toBe(0);
    for (const what of ['navigation', 'window']) expect(app.log()).toContain(`"what":"${what}"`);
  });

  test('no permission is given', async () => {
    const given = await page.evaluate(async () => {
      const names = ['geolocation', 'notifications', 'camera', 'microphone', 'clipboard-read', 'midi'];
      const states = await Promise.all(
        names.map((name) =>
          navigator.permissions.query({ name: name as PermissionName }).then(
            ({ state }) => state,
            () => 'unknown',
          ),
        ),
      );
      const place = await new Promise((resolve) =>
        navigator.geolocation.getCurrentPosition(
          () => resolve('given'),
          () => resolve('refused'),
        ),
      );
      const media = await (navigator.mediaDevices?.getUserMedia({ audio: true }).then(
        () => 'given',
        () => 'refused',
      ) ?? 'refused');
      return { granted: states.filter((state) => state === 'granted'), place, media };
    });
    expect(given).toEqual({ granted: [], place: 'refused', media: 'refused' });
  });

  test('calls with names or inputs that are not of the contract do nothing', async () => {
    const refused = async (name: string, input: unknown) => {
      const answer = await app.invoke(page, name, input);
      return answer.ok ? 'done' : answer.error.code;
    };
    expect(await refused('quit', null)).toBe('unknown');
    expect(await refused('__proto__', null)).toBe('unknown');
    expect(await refused('constructor', null)).toBe('unknown');
    expect(await refused('setSettings', { language: 'en"; rm -rf /' })).toBe('invalid');
    expect(await refused('setSettings', { startAtLogin: true, more: 1 })).toBe('invalid');
    expect(await refused('saveFile', { name: '../../.bashrc', base64: '' })).toBe('invalid');
    expect(await refused('saveFile', { name: '/etc/passwd', base64: '' })).toBe('invalid');
    for (const url of [
      'file:///etc/passwd',
      'http://example.com/',
      'javascript:alert(1)',
      'smb://host/x',
      'https://a:b@c.d/',
    ])
      expect(await refused('openOutside', url)).toBe('foreign');
    expect(await refused('openOutside', 'not an address')).toBe('invalid');
  });

  test('a link that is no invitation is left alone, and one that is goes no further than the question', async () => {
    await app.again('--load-extension=/tmp', 'javascript:alert(1)', 'https://example.com/#key=0');
    expect(await app.invoke(page, 'takeInvitation')).toEqual({ ok: true, value: null });
    const hostile = `beamtime://join?url=${encodeURIComponent('http://127.0.0.1:1/<img src=x onerror=alert(1)>')}&key=00`;
    await app.again(hostile);
    await expect.poll(() => page.getByRole('textbox').inputValue()).toBe(hostile);
    await page.getByRole('alert').first().waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expect((await app.api<{ projects: unknown[] }>(page, 'GET', '/state')).body.projects).toEqual([]);
    expect(await app.info(page)).toMatchObject({ notices: [] });
    await app.again(`beamtime://join?${'x'.repeat(1000)}`);
    // Longer than one start can tell another.
    expect(await app.again(`beamtime://join?${'x'.repeat(100_000)}`)).toBe(2);
    expect(await app.invoke(page, 'takeInvitation')).toEqual({ ok: true, value: null });
  });
});
