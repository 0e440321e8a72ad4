/** The volunteer's page, as built, in a real browser, served by the engine's real API from a real state store. */

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildRenderer } from '../renderer/build.ts';
import {
  accessibilityProblems,
  CHROMIUM,
  hasChromium,
  launchChromium,
  openPage,
  sidewaysPx,
  visibleText,
  type WatchedPage,
} from '../renderer/testkit/browser.ts';
import { type PageEngine, startPageEngine } from '../renderer/testkit/engine.ts';
import { busyState, emptyState, runningUnit } from '../renderer/testkit/states.ts';

if (!hasChromium) console.warn(`the page's tests are skipped: there is no ${CHROMIUM}`);

describe.skipIf(!hasChromium)('the page', () => {
  let browser: Browser;
  let engine: PageEngine;
  let watched: WatchedPage;
  /** A test that makes the browser complain on purpose says so. */
  let expected: RegExp | null = null;

  beforeAll(async () => {
    await buildRenderer();
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    expected = null;
    engine = await startPageEngine(busyState());
    watched = await openPage(browser, { viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' });
  });
  afterEach(async () => {
    await watched.page.context().close();
    await engine.close();
    expect(watched.complaints.filter((text) => !expected?.test(text))).toEqual([]);
  });

  const open = async () => {
    await watched.page.goto(`${engine.url}/#token=${engine.token}`);
    await watched.page.locator('h1').waitFor();
    return watched.page;
  };

  it('says in one sentence what happens and why, and shows all that belongs to it', async () => {
    const page = await open();
    expect(await page.locator('h1').textContent()).toBe('6 of 8 cores: you are using 2');
    expect(await page.title()).toBe('Computing – Beamtime');
    const text = (await visibleText(page.locator('main'))).replaceAll(/\s+/g, ' ');
    for (const part of [
      'Your 8 cores',
      'Beamtime’s 5.2',
      '6,950,214',
      'The Z line shape energy 91.19 GeV, hepmc events 20',
      '107,410,000 of 150,000,000 events',
      'about 15 s left',
      '9,300,000,000 of 9,752,710,000 computed',
      'event 143,209 · √s = 91.19 GeV',
      'μ⁻ muon 45.6 GeV',
      'WebAssembly: measured 8.7 times as fast as Micro VM',
      '0123 4567 89ab cdef',
    ]) {
      expect(text).toContain(part);
    }
    expect(
      await page
        .getByRole('img', { name: /^8 cores: other programs use 1\.2, / })
        .locator('svg')
        .count(),
    ).toBe(8);
  });

  it('takes the token out of the address, and still has it after loading again', async () => {
    const page = await open();
    expect(page.url()).toBe(`${engine.url}/`);
    await page.reload();
    await page.locator('h1').waitFor();
    expect(await page.locator('h1').textContent()).toContain('6 of 8 cores');
  });

  it('follows the engine without being loaded again', async () => {
    const page = await open();
    const { store } = engine;
    store.set('status', {
      state: 'waiting',
      reason: 'You are compiling',
      cause: { code: 'load', values: { cores: 8, busyWith: 'you are compiling' } },
      slots: 0,
      cores: 8,
      pausedUntil: null,
    });
    await page.getByRole('heading', { name: 'You are compiling' }).waitFor();
    store.set('running', [
      runningUnit({ unitId: 'u-200', campaignTitle: 'Another campaign', done: 75_000_000 }),
    ]);
    const bar = page.getByRole('progressbar');
    await page.getByText('Another campaign', { exact: true }).waitFor();
    expect(await bar.count()).toBe(1);
    expect(await bar.getAttribute('aria-valuenow')).toBe('75000000');
    const outline = page.locator('path.outline');
    const before = await outline.getAttribute('d');
    const { histograms } = busyState();
    const counts = { ...histograms?.counts, cosTheta: Array.from({ length: 42 }, (_, i) => 1000 * i) };
    store.set('histograms', histograms && { ...histograms, counts, events: 861_000 });
    await page.getByText('861,000 events').waitFor();
    expect(await outline.getAttribute('d')).not.toBe(before);
    store.set('lastEvent', {
      event: 7,
      energyGeV: 35,
      particles: [{ pdg: 22, px: 1, py: 2, pz: 3, e: 3.74 }],
    });
    await page.getByText('event 7 · √s = 35 GeV').waitFor();
  });

  it('is used by keyboard alone: skip link, pause, resume, bins of the histogram', async () => {
    const page = await open();
    const { keyboard } = page;
    await keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to what is happening');
    await keyboard.press('Enter');
    await keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe('Pause for 1 hour');
    const outline = await page.evaluate(
      () => getComputedStyle(document.activeElement as Element).outlineStyle,
    );
    expect(outline).toBe('solid');
    await keyboard.press('Enter');
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    expect(await page.getByText('Goes on by itself at').count()).toBe(1);
    // The button that had the focus is gone; the next one is reached from where it was.
    await page.getByRole('button', { name: 'Resume' }).focus();
    await keyboard.press('Space');
    await page.getByRole('button', { name: 'Pause until I resume' }).waitFor();
    await page.getByRole('button', { name: 'Pause until I resume' }).focus();
    await keyboard.press('Enter');
    await page.getByText('Stays paused until you resume.').waitFor();
    expect(engine.asked).toEqual(['pause 3600', 'resume', 'pause null']);

    const chart = page.getByRole('slider');
    await chart.focus();
    await keyboard.press('Home');
    const first = await chart.getAttribute('aria-valuetext');
    expect(first).toMatch(/^−1 to −0\.95: [\d,]+ ± [\d,.]+ events$/);
    await keyboard.press('ArrowRight');
    expect(await chart.getAttribute('aria-valuetext')).toMatch(/^−0\.95 to −0\.9: /);
    await keyboard.press('End');
    expect(await chart.getAttribute('aria-valuetext')).toMatch(/^0\.95 to 1: /);
    expect(await page.locator('text.reading').textContent()).toMatch(/^0\.95 to 1: /);
  });

  it('reads a bin under the pointer', async () => {
    const page = await open();
    const box = await page.getByRole('slider').boundingBox();
    if (!box) throw new Error('no chart');
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    expect(await page.locator('text.reading').textContent()).toMatch(/ to .*: [\d,]+ ± /);
  });

  it('shows another histogram, and its numbers', async () => {
    const page = await open();
    await page.getByLabel('Histogram', { exact: true }).selectOption('energy');
    expect(await page.getByText('Outside the picture: 3 at 50 or above.').count()).toBe(1);
    await page.getByText('The numbers').click();
    await page.locator('tbody tr').first().waitFor();
    expect(await page.locator('tbody tr').count()).toBe(25);
    expect(await visibleText(page.locator('tbody tr').first())).toMatch(/^0\s+2\s+[\d,]+\s+\d+/);
  });

  it('explains credit on focus, until Escape', async () => {
    const page = await open();
    const tip = page.getByRole('tooltip');
    expect(await tip.isVisible()).toBe(false);
    await page.getByRole('button', { name: 'How credit is counted' }).focus();
    expect(await visibleText(tip)).toContain('validated events × what one event costs');
    await page.keyboard.press('Escape');
    expect(await tip.isVisible()).toBe(false);
  });

  it('tells a screen reader the sentence when its words change, not when only numbers do', async () => {
    const page = await open();
    const spoken = page.locator('.status p[role=status]');
    await expect.poll(() => spoken.textContent()).toBe('Computing: 6 of 8 cores: you are using 2');
    const status = engine.store.get('status');
    engine.store.set('status', { ...status, reason: '5 of 8 cores: you are using 3' });
    await page.getByRole('heading', { name: '5 of 8 cores' }).waitFor();
    expect(await spoken.textContent()).toBe('Computing: 6 of 8 cores: you are using 2');
    expect(await spoken.getAttribute('aria-live')).not.toBe('assertive');
  });

  describe.each(['light', 'dark'] as const)('in the %s scheme', (scheme) => {
    it.each(['busy', 'empty', 'paused', 'lost'] as const)(
      'has no accessibility problems when %s',
      async (kind) => {
        await watched.page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
        if (kind === 'empty') engine.replace(emptyState());
        const page = await open();
        if (kind === 'busy') await page.getByText('The numbers').click();
        if (kind === 'paused') {
          await page.getByRole('button', { name: 'Pause for 1 hour' }).click();
          await page.getByRole('button', { name: 'Resume' }).waitFor();
        }
        if (kind === 'lost') {
          expected = /Failed to load resource/;
          await engine.close();
          await page.getByText('The engine does not answer.').waitFor();
        }
        expect(await accessibilityProblems(page)).toEqual([]);
      },
    );
  });

  it('fits every width and any size of text without scrolling sideways', async () => {
    const page = await open();
    for (const state of [busyState(64), emptyState()]) {
      engine.replace(state);
      await page.reload();
      await page.locator('h1').waitFor();
      for (const width of [360, 600, 800, 1000, 1280, 1600, 2560]) {
        await page.setViewportSize({ width, height: 900 });
        await expect.poll(() => sidewaysPx(page), { message: `${width} px` }).toBe(0);
      }
    }
    await page.evaluate(() => {
      document.documentElement.style.fontSize = '200%';
    });
    for (const width of [360, 800, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      await expect.poll(() => sidewaysPx(page), { message: `${width} px, text at 200 %` }).toBe(0);
    }
  });

  it('does not move as numbers change', async () => {
    const page = await open();
    const places = () =>
      page.evaluate(() =>
        [...document.querySelectorAll('section')].map((section) => {
          const { top, left, width, height } = section.getBoundingClientRect();
          return [top, left, width, height].map(Math.round).join(' ');
        }),
      );
    const before = await places();
    const { store } = engine;
    store.update('contribution', (now) => ({
      ...now,
      eventsPerSecond: 3,
      eventsValid: 12,
      creditMicroseconds: 5,
    }));
    store.update('cores', (now) => now.map((core) => ({ ...core, others: 0.999, ours: 0.001 })));
    store.update('running', (now) =>
      now.map((unit) => ({ ...unit, done: 9, eventsPerSecond: 1.5, secondsLeft: 7200 })),
    );
    await page.getByText('about 2 h left').first().waitFor();
    expect(await places()).toEqual(before);
  });

  it('moves nothing for those who ask for that', async () => {
    const page = await open();
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
  });

  it('says so when the link has no key, or an old one', async () => {
    const { page } = watched;
    await page.goto(engine.url);
    await page.getByRole('heading', { name: 'This page needs its key' }).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    expected = /401/;
    await page.goto(`${engine.url}/#token=${'x'.repeat(engine.token.length)}`);
    await page.getByRole('heading', { name: 'This link is no longer good' }).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    // The right link, opened in the same tab.
    await page.goto(`${engine.url}/#token=${engine.token}`);
    await page.getByRole('heading', { name: '6 of 8 cores' }).waitFor();
  });

  it('keeps what it knows while the engine is gone, and goes on by itself when it is back', async () => {
    expected = /Failed to load resource/;
    const page = await open();
    await engine.close();
    await page.getByText('The engine does not answer.').waitFor();
    expect(await page.locator('h1').textContent()).toContain('6 of 8 cores');
    expect(await page.getByRole('button', { name: 'Pause for 1 hour' }).getAttribute('aria-disabled')).toBe(
      'true',
    );
    const state = { ...busyState(), status: { ...busyState().status, reason: 'Back again' } };
    engine = await startPageEngine(state, { port: Number(new URL(engine.url).port), token: engine.token });
    await page.getByRole('heading', { name: 'Back again' }).waitFor();
    expect(await page.getByText('The engine does not answer.').count()).toBe(0);
  });

  it('says so when the engine is gone before it ever answered', async () => {
    expected = /Failed to load resource/;
    const page = await open();
    await page.route('**/api/**', (route) => route.abort('connectionrefused'));
    await page.reload();
    await page.getByRole('heading', { name: 'The engine is not running' }).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.unroute('**/api/**');
    await page.getByRole('button', { name: 'Try now' }).click();
    await page.getByRole('heading', { name: '6 of 8 cores' }).waitFor();
  });

  it('asks to be loaded again when the engine speaks another version', async () => {
    const { page } = watched;
    await page.route('**/api/v1/events', (route) =>
      route.fulfill({
        contentType: 'text/event-stream',
        body: 'event: state\ndata: {"status":"of the future"}\n\n',
      }),
    );
    await page.goto(`${engine.url}/#token=${engine.token}`);
    await page.getByRole('heading', { name: 'Beamtime was updated' }).waitFor();
    await page.unroute('**/api/v1/events');
    await page.getByRole('button', { name: 'Load again' }).click();
    await page.getByRole('heading', { name: '6 of 8 cores' }).waitFor();
  });

  it('joins a project by its invitation, and says what is wrong with a bad one', async () => {
    engine.replace(emptyState());
    const page = await open();
    expected = /400|409|422/;
    const field = page.getByLabel('Invitation');
    await page.getByRole('button', { name: 'Join' }).click();
    expect(await visibleText(page.getByRole('alert'))).toContain('Paste the invitation first');
    await field.fill('nonsense');
    await field.press('Enter');
    await expect.poll(() => visibleText(page.getByRole('alert'))).toContain('is not an invitation');
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    await field.fill('beamtime://join?url=http%3A%2F%2F127.0.0.1&key=0');
    await field.press('Enter');
    await page.getByText('connected').first().waitFor();
    expect(await field.count()).toBe(0);
  });

  it('shows names of others as text, whatever they hold', async () => {
    const state = busyState();
    const hostile = `<img src=x onerror="document.title='owned'">\u202Eevil${'W'.repeat(400)}`;
    engine.replace({
      ...state,
      running: state.running.map((unit) => ({ ...unit, campaignTitle: hostile })),
      finished: state.finished.map((unit) => ({ ...unit, campaignTitle: hostile, reason: hostile })),
      histograms: state.histograms && { ...state.histograms, campaignTitle: hostile },
      projects: state.projects.map((one) => ({ ...one, name: hostile, message: hostile })),
    });
    await watched.page.setViewportSize({ width: 360, height: 800 });
    const page = await open();
    expect(await page.title()).toBe('Computing – Beamtime');
    expect(await page.locator('img').count()).toBe(0);
    expect(await sidewaysPx(page)).toBe(0);
  });
});
