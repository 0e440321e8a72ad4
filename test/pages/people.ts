/** Accounts as people use them: the built pages in a real browser, a real project server, and an authenticator of the browser's own. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import jsQR from 'jsqr';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { CSRF_HEADER } from '../../protocol/account-api.ts';
import { HostOwner } from '../../protocol/people-api.ts';
import { buildRenderer } from '../../renderer/build.ts';
import {
  accessibilityProblems,
  contrastProblems,
  launchChromium,
  openPage,
  visibleText,
  type WatchedPage,
} from '../../renderer/testkit/browser.ts';
import { Host, Staff } from '../../server/testkit/client.ts';
import { modelCampaign, modelOutput, modelPrograms, modelRelease } from '../../server/testkit/model.ts';
import { Person } from '../../server/testkit/person.ts';
import { RealInstitute } from '../../server/testkit/real-institute.ts';
import { type TestServer, testServer } from '../../server/testkit/server.ts';
import { root } from '../testkit/command.ts';
import { layoutProblems } from './layout.ts';

const PASSWORD = 'a fine long password';

/** What a QR code says, read from its pixels by another's program. */
async function readQr(picture: Locator): Promise<string | undefined> {
  const { pixels, size } = await picture.evaluate(async (svg) => {
    const size = 400;
    const copy = svg.cloneNode(true) as Element;
    copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
    copy.setAttribute('width', `${size}`);
    copy.setAttribute('height', `${size}`);
    const image = new Image();
    image.src = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = size;
    canvas.height = size;
    const context = canvas.getContext('2d');
    context?.drawImage(image, 0, 0, size, size);
    return { pixels: [...(context?.getImageData(0, 0, size, size).data ?? [])], size };
  });
  return jsQR.default(Uint8ClampedArray.from(pixels), size, size)?.data;
}

export function peoplePages(): void {
  let institute: RealInstitute;
  let server: TestServer;
  let staff: Staff;
  let host: Host;
  let browser: Browser;
  let watched: WatchedPage;
  let page: Page;
  let home = '';
  let codes: string[] = [];
  beforeAll(async () => {
    await buildRenderer();
    institute = await RealInstitute.start();
    const { issuer, clientId, clientSecret } = institute;
    server = await testServer({
      ...{ name: 'LEP at home', pageFolder: join(root, 'build/console') },
      institute: { issuer, clientId, clientSecret, name: 'The Institute', staff: null },
    });
    staff = new Staff(server.url, server.staffToken);
    await staff.publish(modelRelease, modelPrograms);
    await staff.push(modelCampaign('credited'));
    host = await Host.register(server.url);
    const lease = await host.lease();
    await host.finish(lease, modelOutput(lease.card));
    // Passkeys belong to a name, not to an address.
    home = server.url.replace('127.0.0.1', 'localhost');
    institute.register(`${home}/people/index.html`);
    browser = await launchChromium();
    watched = await openPage(browser, { reducedMotion: 'reduce', locale: 'en-GB', acceptDownloads: true });
    page = watched.page;
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true },
        ...{ isUserVerified: true, automaticPresenceSimulation: true },
      },
    });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.remove();
    await institute?.close();
  });
  afterEach(() => expect(watched.complaints).toEqual([]));

  const card = (name: string) => page.getByRole('region', { name, exact: true });
  const type = async (label: string, text: string) => {
    await page.getByLabel(label, { exact: true }).focus();
    await page.keyboard.type(text);
  };

  /** Buttons that one would have to scroll sideways for. */
  const outOfReach = () =>
    page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('main button, main .button')]
        .filter((one) => {
          const box = one.closest('[role="region"]')?.getBoundingClientRect();
          const right = Math.min(box?.right ?? innerWidth, innerWidth);
          return one.checkVisibility() && one.getBoundingClientRect().right > right + 1;
        })
        .map((one) => one.textContent ?? ''),
    );

  /** Everything about how it looks, at a phone's width and a desk's, in both schemes. */
  async function looksRight(): Promise<void> {
    for (const width of [360, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      expect(await layoutProblems(page), `${width} px`).toEqual([]);
      expect(await outOfReach(), `${width} px`).toEqual([]);
    }
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await contrastProblems(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'light' });
  }

  it('shows to anybody who contributes, and nobody’s name without their leave', async () => {
    const answer = await page.goto(`${home}/people`);
    expect(answer?.headers()['content-security-policy']).toContain("default-src 'none'");
    await page.getByRole('heading', { name: 'Who contributes' }).waitFor();
    await page.getByText('Nobody stands here yet.').waitFor();
    await expect.poll(() => visibleText(page.locator('[data-figure="credit"]'))).toBe('0.0');
    await looksRight();
  });

  it('an account is made by the keyboard alone', async () => {
    await page.getByRole('link', { name: 'Create an account' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Create an account' }).waitFor();
    await looksRight();
    await type('Name to sign in with', 'ada');
    await type('Password', 'ada');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    expect(await visibleText(page.getByRole('alert'))).toContain('at least 12 characters');
    watched.complaints.splice(0); // The browser itself notes what was refused.
    await page.getByLabel('Password', { exact: true }).fill('');
    await type('Password', PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'ada' }).waitFor();
    // No script gets it.
    expect(await page.evaluate(() => document.cookie)).toBe('');
    codes = (await visibleText(card('Your recovery codes').locator('[data-codes]'))).split(/\s+/);
    expect(codes).toHaveLength(8);
    await looksRight();
    await card('Your recovery codes').getByRole('button', { name: 'I have kept them' }).press('Enter');
    await card('Password').getByText('8 recovery codes are left').waitFor();
  });

  it('a computer that says the code is shown with its credit', async () => {
    await card('My computers').getByRole('button', { name: 'Get a code' }).press('Enter');
    const shown = await visibleText(page.locator('[data-code]'));
    const [, code] = /^beamtime attach (\S+)$/.exec(shown) ?? [];
    await host.ask(HostOwner, 'POST', '/hosts/me/attach', { code });
    await card('My computers').getByRole('button', { name: 'Look again' }).press('Enter');
    await card('My computers')
      .getByRole('row', { name: new RegExp(`^${host.id}`) })
      .waitFor();
  });

  it('what one says of oneself is kept, and a team founded', async () => {
    await page.getByLabel('Name that others see').fill('Ada "Countess" <b>Lovelace</b>');
    await page.getByLabel('Country (optional)').selectOption('GB');
    await page.getByLabel('Show me in public statistics').press('Space');
    await card('About you').getByRole('button', { name: 'Save' }).press('Enter');
    await page.getByRole('heading', { name: 'Ada "Countess" <b>Lovelace</b>' }).waitFor();
    await type('Or found one: its name', 'Analytical engines');
    await page.keyboard.press('Enter');
    await card('Team').getByText('1 member').waitFor();
    await looksRight();
  });

  it('a passkey is added, opens the account, and nobody can send what it signed again', async () => {
    await type('Name of the new one', 'laptop');
    await page.keyboard.press('Enter');
    await card('Passkeys').getByRole('button', { name: 'Remove the passkey laptop' }).waitFor();
    await page.getByRole('button', { name: 'Sign out', exact: true }).first().press('Enter');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();

    const sent = page.waitForRequest(/sessions\/passkey$/);
    await page.getByRole('button', { name: 'Use a passkey' }).press('Enter');
    const body = (await sent).postData();
    await page.getByRole('heading', { name: 'Ada' }).waitFor();
    const again = await fetch(`${home}/api/v1/sessions/passkey`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', [CSRF_HEADER]: '1' },
      body,
    });
    expect([again.status, (await again.json()).error.code]).toEqual([400, 'passkey-late']);
  });

  it('an account of the institute is linked, opens the account, and is away when it is away', async () => {
    institute.who = '7001';
    await card('Your institute').getByRole('button', { name: 'Link The Institute' }).press('Enter');
    await card('Your institute').getByText('Linked since').waitFor();
    expect(new URL(page.url()).search, 'nothing of it stays in the address').toBe('');
    await looksRight();
    await page.getByRole('button', { name: 'Sign out', exact: true }).first().press('Enter');

    institute.trouble = 502;
    await page.getByRole('button', { name: 'Sign in with The Institute' }).press('Enter');
    await page.getByRole('alert').getByText('The Institute does not answer').waitFor();
    watched.complaints.splice(0);
    await looksRight();
    institute.trouble = null;
    await page.getByRole('button', { name: 'Sign in with The Institute' }).press('Enter');
    await page.getByRole('heading', { name: 'Ada' }).waitFor();
    await card('Your institute').getByRole('button', { name: 'Unlink' }).press('Enter');
    await card('Your institute').getByText('Unlinked').waitFor();
    await page.getByRole('button', { name: 'Sign out', exact: true }).first().press('Enter');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  it('who has forgotten the password opens the account with a code, once', async () => {
    await page.getByRole('link', { name: 'Forgotten your password?' }).press('Enter');
    await page.getByRole('heading', { name: 'A new password' }).waitFor();
    const recover = async (code: string) => {
      for (const [label, text] of [
        ['Name to sign in with', 'ada'],
        ['Recovery code', code],
        ['New password', PASSWORD],
      ] as const) {
        await page.getByLabel(label, { exact: true }).fill('');
        await type(label, text);
      }
      await page.keyboard.press('Enter');
    };
    await recover('AAAA-AAAA-AAAA-AAAA');
    await page.getByRole('alert').getByText('do not belong together').waitFor();
    watched.complaints.splice(0);
    await looksRight();
    await recover(codes[0] ?? '');
    await card('Your recovery codes').waitFor();
    expect(await visibleText(page.locator('[data-codes]'))).not.toContain(codes[1]);
    await page.getByRole('button', { name: 'Sign out', exact: true }).first().press('Enter');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await page.locator('[data-codes]').count(), 'and nobody after her sees them').toBe(0);
  });

  it('a passkey of another site, or with another’s signature, opens nothing', async () => {
    const forged = await page.evaluate(async (header) => {
      const ask = async (path: string, body?: object) => {
        const answer = await fetch(`/api/v1/sessions/passkey${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', [header]: '1' },
          ...(body ? { body: JSON.stringify(body) } : {}),
        });
        return { status: answer.status, json: await answer.json() };
      };
      const text = (bytes: ArrayBuffer) =>
        btoa(String.fromCharCode(...new Uint8Array(bytes)))
          .replaceAll('+', '-')
          .replaceAll('/', '_')
          .replaceAll('=', '');
      const bytes = (encoded: string) =>
        Uint8Array.from(atob(encoded.replaceAll('-', '+').replaceAll('_', '/')), (letter) =>
          letter.charCodeAt(0),
        );
      const outcomes: unknown[] = [];
      for (const spoil of ['signature', 'origin'] as const) {
        const { challenge } = (await ask('/options')).json;
        const got = (await navigator.credentials.get({
          publicKey: { challenge: bytes(challenge), userVerification: 'required' },
        })) as PublicKeyCredential;
        const response = got.response as AuthenticatorAssertionResponse;
        const signature = new Uint8Array(response.signature);
        if (spoil === 'signature') signature[20] = (signature[20] ?? 0) ^ 1;
        const data = new TextDecoder().decode(response.clientDataJSON);
        const client = spoil === 'origin' ? data.replace('localhost', 'elsewhere') : data;
        const shown = {
          ...{ id: got.id, rawId: got.id, type: 'public-key' },
          response: {
            clientDataJSON: text(new TextEncoder().encode(client).buffer as ArrayBuffer),
            authenticatorData: text(response.authenticatorData),
            signature: text(signature.buffer),
          },
        };
        const { status, json } = await ask('', { shown });
        outcomes.push([status, json.error?.code]);
      }
      return outcomes;
    }, CSRF_HEADER);
    expect(forged).toEqual([
      [400, 'passkey-refused'],
      [400, 'passkey-refused'],
    ]);
    watched.complaints.splice(0);
  });

  it('staff make a token for a program, which is shown once and works', async () => {
    expect((await staff.send('PUT', '/staff/accounts/ada/role', { role: 'owner' })).status).toBe(204);
    await page.goto(`${home}/people/index.html#/sign-in`);
    await page.reload();
    watched.complaints.splice(0); // The session has ended with the role.
    await type('Name to sign in with', 'ada');
    await type('Password', PASSWORD);
    await page.keyboard.press('Enter');
    const tokens = card('Tokens for programs');
    await tokens.getByLabel('Name of the new one').fill('nightly');
    await tokens.getByLabel('start and steer campaigns').press('Space');
    await tokens.getByRole('button', { name: 'Make a token' }).press('Enter');
    const token = await visibleText(page.locator('[data-token]'));
    await looksRight();
    await new Staff(server.url, token).push(modelCampaign('of-a-program'));
    await tokens.getByRole('button', { name: 'Revoke the token nightly' }).press('Enter');
    await tokens.getByText('Revoked').waitFor();
    expect((await new Staff(server.url, token).send('POST', '/staff/campaigns', '-')).status).toBe(401);
  });

  it('staff make an invitation, whose page anybody may open, and end it', async () => {
    await page.getByRole('link', { name: 'Invitations' }).press('Enter');
    await page.getByText('None yet.').waitFor();
    await type('For whom', 'Summer <i>school</i>');
    await type('Most computers', '40');
    await card('A new invitation').getByLabel('credited').press('Space');
    await card('A new invitation').getByText('Preferences to propose').press('Enter');
    await page.getByLabel('Appliance').selectOption('wasm');
    await type('Most cores', '5000');
    await looksRight();
    await card('A new invitation').getByRole('button', { name: 'Make the invitation' }).press('Enter');
    await card('A new invitation').getByRole('alert').waitFor();
    expect(await visibleText(card('A new invitation').getByRole('alert'))).toContain('Most cores');
    await page.getByLabel('Most cores').fill('2');
    await page.keyboard.press('Enter');

    const sheet = card('Summer <i>school</i>');
    await sheet.getByRole('img', { name: 'QR code' }).waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('sheet-title');
    await card('All invitations')
      .getByRole('row', { name: /0 of 40 open/ })
      .waitFor();
    await looksRight();
    const address = await visibleText(sheet.locator('[data-page]'));
    expect(await readQr(sheet.getByRole('img', { name: 'QR code' })), 'as a camera reads it').toBe(address);
    const [, link = ''] = /'(.*)'/.exec(await visibleText(sheet.locator('[data-link]'))) ?? [];
    await page.emulateMedia({ media: 'print' });
    expect(await page.getByRole('button').count(), 'no button on paper').toBe(0);
    expect(await visibleText(page.locator('main'))).toContain(address);
    expect(await visibleText(page.locator('main'))).not.toContain('All invitations');
    await page.emulateMedia({ media: 'screen' });

    // Somebody else, who speaks German.
    const visitor = await openPage(browser, { locale: 'de-CH', viewport: { width: 400, height: 800 } });
    await visitor.page.goto(address);
    await visitor.page.getByRole('heading', { name: 'Summer <i>school</i>' }).waitFor();
    await visitor.page.getByText('höchstens 2 Kerne').waitFor();
    await visitor.page.getByText('WebAssembly').waitFor();
    expect(await visitor.page.getByRole('link', { name: 'In Beamtime öffnen' }).getAttribute('href')).toBe(
      link,
    );
    expect(await visitor.page.evaluate(() => document.documentElement.lang)).toBe('de');
    expect(await layoutProblems(visitor.page)).toEqual([]);
    expect(await accessibilityProblems(visitor.page)).toEqual([]);
    expect(visitor.complaints).toEqual([]);

    await page.getByRole('button', { name: 'Revoke the invitation Summer' }).press('Enter');
    await card('All invitations')
      .getByRole('row', { name: /revoked/ })
      .waitFor();
    await visitor.page.reload();
    await visitor.page.getByText('this invitation has ended').waitFor();
    await visitor.page.context().close();
  });

  it('an owner makes a link for somebody who has forgotten all, who sets a password by it', async () => {
    await Person.signUp(server.url, 'forgetful');
    await page.getByRole('link', { name: 'Accounts' }).press('Enter');
    await page.getByRole('button', { name: 'Make a reset link for forgetful' }).press('Enter');
    const link = await visibleText(page.locator('[data-reset]'));
    await looksRight();
    const other = await openPage(browser, { locale: 'en-GB', viewport: { width: 400, height: 800 } });
    await other.page.goto(link);
    await other.page.getByRole('heading', { name: 'A new password' }).waitFor();
    expect(await layoutProblems(other.page)).toEqual([]);
    expect(await accessibilityProblems(other.page)).toEqual([]);
    await other.page.getByLabel('New password').fill('a password that is remembered');
    await other.page.keyboard.press('Enter');
    await other.page.getByRole('heading', { name: 'forgetful' }).waitFor();
    await other.page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
    expect(other.complaints).toEqual([]);
    await other.page.context().close();
  });

  it('statistics show who agreed; names of others are text, whatever they hold', async () => {
    await page.getByRole('link', { name: 'Statistics' }).press('Enter');
    const row = card('People').getByRole('row', { name: /Ada "Countess" <b>Lovelace<\/b>/ });
    await row.getByText('United Kingdom').waitFor();
    const visitor = await openPage(browser, { locale: 'it-IT' });
    await visitor.page.goto(page.url());
    await visitor.page.getByRole('row', { name: /Countess.*Regno Unito/ }).waitFor();
    await visitor.page.context().close();
    await row.getByText('first events').waitFor();
    await card('Teams').getByText('Analytical engines').waitFor();
    await looksRight();
  });

  it('a person takes all data along, and is no more', async () => {
    await page.getByRole('link', { name: 'My account' }).press('Enter');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download my data' }).press('Enter');
    const file = JSON.parse(await readFile(await (await download).path(), 'utf8'));
    expect(file).toMatchObject({ account: { login: 'ada', country: 'GB' }, passkeys: [{ name: 'laptop' }] });
    await page.getByRole('button', { name: 'Delete my account' }).press('Enter');
    await looksRight();
    await type('Type “ada” to confirm', 'ada');
    await page.keyboard.press('Enter');
    await page.getByText('Nobody stands here yet.').waitFor();
    await page.getByRole('link', { name: 'Sign in' }).press('Enter');
    await page.getByRole('button', { name: 'Use a passkey' }).press('Enter');
    await page.getByRole('alert').waitFor();
    expect(await visibleText(page.getByRole('alert'))).toContain('opens no account here');
    watched.complaints.splice(0);
  });
}
