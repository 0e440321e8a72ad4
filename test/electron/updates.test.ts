import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { chmodSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { root } from '../testkit/command.ts';
import { App, NO_ELECTRON, newHome } from './testkit/app.ts';
import { type Desktop, openDesktop } from './testkit/desktop.ts';

const SOON = { timeout: 20_000, interval: 100 };
const NEW = '#!/bin/sh\n# the new version\nexit 0\n';
const OLD = '#!/bin/sh\n# the old version\nexit 0\n';

/** An AppImage that updates itself from a feed on this machine. */
describe.skipIf(NO_ELECTRON)('updates', () => {
  const release = generateKeyPairSync('ed25519');
  const files = new Map<string, string>();
  let server: Server;
  let desktop: Desktop;
  let home: Awaited<ReturnType<typeof newHome>>;
  let app: App;
  let installed: string;

  beforeAll(async () => {
    server = createServer((request, answer) => {
      const found = files.get(new URL(request.url ?? '/', 'http://feed').pathname.slice(1));
      answer.writeHead(found === undefined ? 404 : 200);
      answer.end(found);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    desktop = await openDesktop();
  });
  afterAll(async () => {
    server?.close();
    await desktop?.close();
  });
  beforeEach(async () => {
    home = await newHome();
    const folder = join(home.path, 'app');
    cpSync(join(root, 'build/desktop'), folder, { recursive: true });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const publicKey = release.publicKey.export({ type: 'spki', format: 'pem' });
    writeFileSync(join(folder, 'update.json'), JSON.stringify({ url, publicKey }));
    installed = join(home.path, 'Beamtime.AppImage');
    writeFileSync(installed, OLD);
    chmodSync(installed, 0o755);
  });
  afterEach(async () => {
    await app?.end();
    await home.remove();
  });

  /** Puts a version on the feed, signed as a release is. */
  function publish(version: string, content: string, key = release.privateKey): void {
    const name = `beamtime-${version}.AppImage`;
    const sha512 = createHash('sha512').update(content).digest('base64');
    const feed = [
      `version: ${version}`,
      'files:',
      `  - url: ${name}`,
      `    sha512: ${sha512}`,
      `    size: ${content.length}`,
      `path: ${name}`,
      `sha512: ${sha512}`,
      "releaseDate: '2026-11-28T00:00:00.000Z'",
      '',
    ].join('\n');
    files.clear();
    files.set(name, content);
    files.set('latest-linux.yml', feed);
    files.set('latest-linux.yml.sig', sign(null, Buffer.from(feed), key).toString('base64'));
  }

  const start = async () => {
    app = await App.start({
      desktop,
      home: home.path,
      folder: join(home.path, 'app'),
      env: { APPIMAGE: installed, BEAMTIME_UPDATES: 'now' },
    });
    return app.window();
  };
  const update = () => app.electron.evaluate(() => globalThis.beamtimeShell.updateState);

  test('a newer version is fetched in the background and is there after quitting', async () => {
    publish('9.0.0', NEW);
    const page = await start();
    await expect.poll(update, SOON).toEqual({ state: 'ready', version: '9.0.0' });
    expect(await app.invoke(page, 'updateState')).toEqual({
      ok: true,
      value: { state: 'ready', version: '9.0.0' },
    });
    expect(readFileSync(installed, 'utf8')).toBe(OLD);
    await app.quit();
    await expect.poll(() => readFileSync(installed, 'utf8'), SOON).toBe(NEW);
  });

  test('a file that is not the signed one is refused', async () => {
    publish('9.0.1', NEW);
    files.set('beamtime-9.0.1.AppImage', NEW.replace('exit 0', 'evil;'));
    await start();
    await expect
      .poll(update, SOON)
      .toMatchObject({ state: 'refused', reason: expect.stringContaining('not the one') });
    await app.quit();
    expect(readFileSync(installed, 'utf8')).toBe(OLD);
  });

  test.each([
    [
      'changed after signing',
      () => files.set('latest-linux.yml', `${files.get('latest-linux.yml')}# more\n`),
    ],
    ['signed by somebody else', () => publish('9.0.2', NEW, generateKeyPairSync('ed25519').privateKey)],
    ['not signed', () => files.set('latest-linux.yml.sig', '')],
  ])('a feed that is %s is refused before anything is fetched', async (_, tamper) => {
    publish('9.0.2', NEW);
    tamper();
    await start();
    await expect
      .poll(update, SOON)
      .toMatchObject({ state: 'refused', reason: expect.stringContaining('feed') });
    await app.quit();
    expect(readFileSync(installed, 'utf8')).toBe(OLD);
  });
});
