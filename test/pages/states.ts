/** The page, as built, in a real browser, served by the engine's real API from a real state store. */

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type EngineState, StatusCause } from '../../protocol/engine-api.ts';
import { buildRenderer } from '../../renderer/build.ts';
import {
  accessibilityProblems,
  contrastProblems,
  launchChromium,
  openPage,
  sidewaysPx,
  visibleText,
  type WatchedPage,
} from '../../renderer/testkit/browser.ts';
import { type PageEngine, startPageEngine } from '../../renderer/testkit/engine.ts';
import { busyState, emptyState, measuredState, runningUnit } from '../../renderer/testkit/states.ts';
import { layoutProblems } from './layout.ts';
import { NAMES, show } from './pages.ts';

export function states(): void {
  let browser: Browser;
  let engine: PageEngine;
  let watched: WatchedPage;
  /** A test that makes the browser complain on purpose says so. */
  let expected: RegExp | null = null;
  /** A test has closed the engine. */
  let isGone = false;

  // One engine and one page for all: a browser that must load, compile and lay out everything anew takes seconds for each.
  beforeAll(async () => {
    await buildRenderer();
    browser = await launchChromium();
    engine = await startPageEngine(busyState());
    watched = await openPage(browser, { reducedMotion: 'reduce', locale: 'en-GB' });
  });
  afterAll(async () => {
    await browser?.close();
    await engine?.close();
  });
  beforeEach(async () => {
    expected = null;
    if (isGone) await backAgain(busyState());
    engine.replace(busyState());
    engine.asked.length = 0;
    watched.complaints.length = 0;
    await watched.page.setViewportSize({ width: 1280, height: 900 });
    await watched.page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  });
  afterEach(async () => {
    const { page } = watched;
    await page.unrouteAll();
    // As a browser that has never been here.
    await page.evaluate(() => {
      sessionStorage.clear();
      localStorage.clear();
    });
    await page.goto('about:blank');
    expect(watched.complaints.filter((text) => !expected?.test(text))).toEqual([]);
  });

  const closeEngine = async () => {
    isGone = true;
    await engine.close();
  };
  /** Where it was, with the same key. */
  const backAgain = async (state: EngineState) => {
    engine = await startPageEngine(state, { port: Number(new URL(engine.url).port), token: engine.token });
    isGone = false;
  };

  const open = async () => {
    await watched.page.goto(`${engine.url}/#token=${engine.token}`);
    await watched.page.locator('h1').waitFor();
    return watched.page;
  };

  it('says in one sentence what happens and why, and shows all that belongs to it', async () => {
    const page = await open();
    expect(await page.locator('h1').textContent()).toBe('6 of 8 cores: other programs use 2 cores');
    expect(await page.title()).toBe('Home – Computing – Beamtime');
    const text = (await visibleText(page.locator('main'))).replaceAll(/\s+/g, ' ');
    for (const part of [
      'Your 8 cores',
      'Beamtime’s 5.2',
      '6,950,214',
      'The Z line shape energy 91.19 GeV, stages –, hepmc events 20',
      '107,410,000 of 150,000,000 events',
      'about 15 secs left',
      '9,300,000,000',
      'event 143,209 · √s = 91.19 GeV',
      'μ⁻ muon 45.6 GeV',
      'WebAssembly: measured 8.7 times as fast as Micro VM',
    ]) {
      expect(text).toContain(part);
    }
    expect(
      await page
        .getByRole('img', { name: /^8 cores: your programs use 1\.2, / })
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
    await page.getByRole('heading', { name: 'Waiting: you are compiling' }).waitFor();
    store.set('running', [
      runningUnit({ unitId: 'u-200', campaignTitle: 'Another campaign', done: 75_000_000 }),
    ]);
    const bar = page.getByRole('progressbar');
    await page.getByText('Another campaign', { exact: true }).waitFor();
    expect(await bar.count()).toBe(1);
    expect(await bar.getAttribute('aria-valuenow')).toBe('75000000');
    const outline = page.locator('path.outline');
    const before = await outline.getAttribute('d');
    const { filled } = busyState();
    const counts = { ...filled?.counts, cosTheta: Array.from({ length: 42 }, (_, i) => 1000 * i) };
    store.set('filled', filled && { ...filled, counts, events: 861_000 });
    await page.getByText('861,000 events').waitFor();
    expect(await outline.getAttribute('d')).not.toBe(before);
    store.set('lastEvent', {
      event: 7,
      energyGeV: 35,
      particles: [{ pdg: 22, px: 1, py: 2, pz: 3, e: 3.74 }],
    });
    await page.getByText('event 7 · √s = 35 GeV').waitFor();
  });

  it('pauses and resumes by keyboard, and reads the histogram bin by bin', async () => {
    const page = await open();
    const { keyboard } = page;
    await page.getByRole('button', { name: 'Pause for 1 hour' }).focus();
    await keyboard.press('Enter');
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    await page.getByText('Goes on by itself at').waitFor();
    await page.getByRole('button', { name: 'Resume' }).focus();
    await keyboard.press('Space');
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

  it('lays what the events say over measured data, with ratio, chi square and source', async () => {
    const state = await measuredState();
    const { filled } = state;
    if (!filled) throw new Error('nothing is filled');
    engine.replace(state);
    const page = await open();
    const card = page.locator('section:has(#histogram-title)');
    const select = page.getByLabel('Histogram', { exact: true });
    expect(await select.inputValue()).toBe('data:thrust-aleph-2004');
    // Neither the number of events nor the squares; and nothing twice.
    expect(await select.locator('option').allTextContents()).toEqual([
      'Thrust · ALEPH',
      'Momenta of charged particles · DELPHI',
      'Energy-energy correlation, charged particles · DELPHI',
      'Oblateness',
    ]);
    const text = (await visibleText(card)).replaceAll(/\s+/g, ' ');
    expect(text).toMatch(/χ²\/N = [\d.]+ over N = 42 bins/);
    expect(text).toContain('Measured by ALEPH, Eur. Phys. J. C 35 (2004) 457; all particles at 91.2 GeV.');
    const chart = page.getByRole('slider');
    await chart.focus();
    await chart.press('End');
    expect(await chart.getAttribute('aria-valuetext')).toMatch(
      /^0\.99 to 1: measured [\d.]+ ± [\d.]+, computed [\d.]+ ± [\d.]+$/,
    );
    expect(await card.locator('circle').count()).toBe(42);
    await page.getByText('The numbers').click();
    await page.locator('tbody tr').first().waitFor();
    expect(await page.locator('tbody tr').count()).toBe(42);
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    expect(await contrastProblems(page)).toEqual([]);
    for (const width of [360, 800, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      expect(await layoutProblems(page), `${width} px`).toEqual([]);
    }
    // Axes are the data's: only the line moves as events come in, and before the first there is none.
    const ticks = () => card.locator('.ticks').allTextContents();
    // The chart learns of its width in one frame and is drawn in the next.
    await page.evaluate(async () => {
      for (let frame = 0; frame < 4; frame++)
        await new Promise<void>((resolve) => requestAnimationFrame(() => resolve()));
    });
    const before = await ticks();
    const none = Object.entries(filled.counts).map(([name, counts]) => [name, counts.map(() => 0)]);
    engine.store.set('filled', { ...filled, events: 0, counts: Object.fromEntries(none) });
    await page.getByText('The line will appear with the first events.').waitFor();
    expect(await card.locator('path.line').count()).toBe(0);
    expect(await ticks()).toEqual(before);
    // Per event, without data: of 40,000 analysed ones, not of all 57,000.
    engine.store.set('filled', filled);
    await select.selectOption('oblateness');
    await chart.focus();
    await chart.press('Home');
    const share = (filled.counts.oblateness?.[1] ?? 0) / 40_000;
    const reading = new RegExp(`^0 to 0\\.02: ${share.toPrecision(3)} ± [\\d.]+ per event$`);
    await expect.poll(() => chart.getAttribute('aria-valuetext')).toMatch(reading);
    // Leading order makes no hadrons: nothing to compare.
    const { analysed = [], ...others } = filled.counts;
    engine.store.set('filled', { ...filled, counts: { ...others, analysed: analysed.map(() => 0) } });
    await expect.poll(() => select.locator('optgroup').count()).toBe(0);
    expect(await select.locator('option').count()).toBe(4);
  });

  it('explains credit on focus, until Escape', async () => {
    const page = await open();
    await show(page, 'contribution');
    const tip = page.getByRole('tooltip').first();
    expect(await tip.isVisible()).toBe(false);
    await page.getByRole('button', { name: 'How credit is counted' }).focus();
    expect(await visibleText(tip)).toContain('validated events × what one event costs');
    await page.keyboard.press('Escape');
    expect(await tip.isVisible()).toBe(false);
  });

  it('tells a screen reader the sentence when its words change, not when only numbers do', async () => {
    const page = await open();
    const spoken = page.locator('.content > p[role=status]');
    await expect.poll(() => spoken.textContent()).toBe('Computing: 6 of 8 cores: other programs use 2 cores');
    const status = engine.store.get('status');
    engine.store.set('status', {
      ...status,
      slots: 5,
      cause: { code: 'load', values: { cores: 3, busyWith: null } },
    });
    await page.getByRole('heading', { name: '5 of 8 cores' }).waitFor();
    expect(await spoken.textContent()).toBe('Computing: 6 of 8 cores: other programs use 2 cores');
    expect(await spoken.getAttribute('aria-live')).not.toBe('assertive');
  });

  it.each(['busy', 'empty', 'paused', 'lost'] as const)(
    'has no accessibility problems when %s, light or dark',
    async (kind) => {
      if (kind === 'empty') engine.replace(emptyState());
      const page = await open();
      if (kind === 'busy') await page.getByText('The numbers').click();
      if (kind === 'paused') {
        await page.getByRole('button', { name: 'Pause for 1 hour' }).click();
        await page.getByRole('button', { name: 'Resume' }).waitFor();
      }
      if (kind === 'lost') {
        expected = /Failed to load resource/;
        await closeEngine();
        await page.getByText('The engine does not answer.').waitFor();
      }
      expect(await accessibilityProblems(page)).toEqual([]);
      await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
      expect(await contrastProblems(page)).toEqual([]);
    },
  );

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
    await page.getByText('about 2 hrs left').first().waitFor();
    expect(await places()).toEqual(before);
  });

  it('moves nothing for those who ask for that, and for others nothing without end', async () => {
    const page = await open();
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
    await page.emulateMedia({ reducedMotion: 'no-preference' });
    const endless = () =>
      page.evaluate(
        () =>
          document
            .getAnimations()
            .filter((one) => one.effect?.getComputedTiming().endTime === Number.POSITIVE_INFINITY).length,
      );
    for (const name of NAMES) {
      await show(page, name);
      expect(await endless(), name).toBe(0);
    }
  });

  it('draws no number anew while nobody looks, and the latest at once when somebody does', async () => {
    const page = await open();
    const look = (isHidden: boolean) =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, 'hidden', { configurable: true, value: hidden });
        Object.defineProperty(document, 'hasFocus', { configurable: true, value: () => !hidden });
        document.dispatchEvent(new Event('visibilitychange'));
      }, isHidden);
    await look(true);
    const changed = page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          const rate = document.querySelector('.status .number');
          if (rate)
            new MutationObserver(() => resolve(rate.textContent ?? '')).observe(rate, {
              subtree: true,
              childList: true,
              characterData: true,
            });
        }),
    );
    const { store } = engine;
    const faster = (eventsPerSecond: number) =>
      store.update('contribution', (now) => ({ ...now, eventsPerSecond }));
    const status = store.get('status');
    faster(111);
    // What matters is told all the same: the title of the hidden window says it.
    store.set('status', {
      ...status,
      state: 'paused',
      cause: { code: 'paused', values: { minutesLeft: null } },
    });
    await expect.poll(() => page.title()).toContain('Paused');
    expect(await page.locator('.status .number').textContent()).toBe('6,950,214');
    faster(222);
    await expect.poll(() => store.get('contribution').eventsPerSecond).toBe(222);
    await look(false);
    expect(await changed).toMatch(/^(111|222)$/);
    await expect.poll(() => page.locator('.status .number').textContent()).toBe('222');
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
    await closeEngine();
    await page.getByText('The engine does not answer.').waitFor();
    expect(await page.locator('h1').textContent()).toContain('6 of 8 cores');
    expect(await page.getByRole('button', { name: 'Pause for 1 hour' }).getAttribute('aria-disabled')).toBe(
      'true',
    );
    const state = {
      ...busyState(),
      status: { ...busyState().status, cause: { code: 'heat' as const, values: { celsius: 85 } } },
    };
    await backAgain(state);
    await page.getByRole('heading', { name: /the processor is hot \(about 85/ }).waitFor();
    expect(await page.getByText('The engine does not answer.').count()).toBe(0);
  });

  it('says so when the engine is gone before it ever answered', async () => {
    expected = /Failed to load resource/;
    const page = await open();
    await page.route('**/api/**', (route) => route.abort('connectionrefused'));
    await page.reload();
    await page.getByRole('heading', { name: 'The engine is not running' }).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    // Sooner than by itself: the fourth try would be seconds away.
    const asked = page.waitForRequest('**/api/v1/events');
    await page.getByRole('button', { name: 'Try now' }).click();
    await asked;
    await page.unroute('**/api/**');
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

  it.each([0, 1])(
    'first run, %i steps in: goes on when a project is joined from elsewhere meanwhile',
    async (steps) => {
      engine.replace(emptyState());
      const page = await open();
      await page.getByRole('heading', { name: 'Your spare cores can do particle physics' }).waitFor();
      for (let i = 0; i < steps; i += 1) await page.getByRole('button', { name: 'Next' }).click();
      engine.replace(busyState());
      await page.getByRole('heading', { name: 'Your first event is on its way' }).waitFor();
      await page.getByRole('button', { name: 'Show me everything' }).click();
      await page.getByRole('heading', { name: '6 of 8 cores' }).waitFor();
    },
  );

  it('says what is wrong with an invitation', async () => {
    const page = await open();
    await show(page, 'projects');
    expected = /400|409|422|502/;
    const field = page.getByLabel('Invitation');
    await page.getByRole('button', { name: 'Look at it' }).click();
    expect(await visibleText(page.getByRole('alert'))).toContain('Paste the invitation first');
    await field.fill('nonsense');
    await field.press('Enter');
    await expect
      .poll(() => visibleText(page.getByRole('alert')))
      .toContain('there is no project behind this page');
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    await field.fill('x'.repeat(501));
    await field.press('Enter');
    await expect.poll(() => visibleText(page.getByRole('alert'))).toContain('it is too long');
  });

  it('offers to try now whenever something outside is waited for', async () => {
    const page = await open();
    const status = engine.store.get('status');
    for (const code of ['offline', 'no-work'] as const) {
      engine.store.set('status', {
        ...status,
        state: code === 'offline' ? 'offline' : 'waiting',
        slots: 0,
        cause: { code, values: { message: 'the project is being looked after' } },
      });
      await page.getByRole('heading', { name: /the project is being looked after/ }).waitFor();
      await page.getByRole('button', { name: 'Try now' }).click();
    }
    await expect.poll(() => engine.asked).toEqual(['retry', 'retry']);
  });

  it('says every cause in every language, in the page and to a screen reader', async () => {
    const page = await open();
    const status = engine.store.get('status');
    const heading = page.locator('h1');
    for (const code of StatusCause.shape.code.options) {
      engine.store.set('status', { ...status, slots: 0, cause: { code, values: {} } });
      await expect.poll(() => heading.textContent(), { message: code }).not.toMatch(/cause\.|undefined|\{/);
    }
  });

  it('shows names of others as text, whatever they hold and however long they are', async () => {
    const state = busyState();
    const hostile = `<img src=x onerror="document.title='owned'">\u202Eevil${'W'.repeat(400)}`;
    const huge = 'N'.repeat(1_000_000);
    const [project] = state.projects;
    if (!project) throw new Error('no project');
    engine.replace({
      ...state,
      status: { ...state.status, slots: 0, cause: { code: 'no-work', values: { message: hostile } } },
      running: state.running.map((unit) => ({ ...unit, campaignTitle: hostile })),
      finished: state.finished.map((unit) => ({ ...unit, campaignTitle: huge, reason: hostile })),
      histograms: state.histograms && { ...state.histograms, campaignTitle: hostile },
      projects: [{ ...project, name: hostile, description: huge, message: hostile, url: hostile }],
    });
    await watched.page.setViewportSize({ width: 360, height: 800 });
    const page = await open();
    for (const name of NAMES) {
      await show(page, name);
      expect(await page.locator('img').count()).toBe(0);
      expect(await page.title()).toMatch(/ – Computing – Beamtime$/);
      expect(await page.locator('main').textContent()).not.toContain('\u202E');
      expect(((await page.locator('main').textContent()) ?? '').length).toBeLessThan(20_000);
      expect(await layoutProblems(page), name).toEqual([]);
    }
  });

  it('has room for texts half as long again, and for writing from right to left', async () => {
    const page = await open();
    await page.addInitScript(() => {
      // A pseudo-language: every message that the page shows is longer than any translation of it.
      const longer = () => {
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
          const text = node.nodeValue ?? '';
          if (text.includes('\u2060') || !/\p{L}{3}/u.test(text) || node.parentElement?.closest('svg'))
            continue;
          node.nodeValue = `${text.trim()} ${'ẽxtrā '.repeat(Math.ceil(text.length / 12))}\u2060`;
        }
      };
      (window as unknown as { longer: () => void }).longer = longer;
    });
    await page.reload();
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      for (const name of NAMES) {
        for (const dir of ['ltr', 'rtl']) {
          await show(page, name);
          await page.evaluate((way) => {
            document.documentElement.dir = way;
            (window as unknown as { longer: () => void }).longer();
          }, dir);
          expect(await layoutProblems(page), `${name} ${width} ${dir}`).toEqual([]);
        }
      }
      await page.reload();
    }
  });

  it('designs the failure of each part: says so, and tries again', async () => {
    expected = /500|Failed to load resource/;
    const page = await open();
    await page.route(/\/api\/v1\/(history|doctor|units|log)/, (route) =>
      route.fulfill({
        status: 500,
        contentType: 'application/json',
        body: '{"error":{"code":"x","message":"broken on purpose"}}',
      }),
    );
    for (const name of ['contribution', 'health'] as const) {
      await show(page, name);
      await page.getByText('This could not be loaded.').first().waitFor();
      expect(await accessibilityProblems(page), name).toEqual([]);
    }
    await page.unroute(/\/api\/v1\/(history|doctor|units|log)/);
    await page.evaluate(() => {
      for (const button of document.querySelectorAll('button'))
        if (button.textContent?.trim() === 'Try now') button.click();
    });
    await expect.poll(() => page.getByText('This could not be loaded.').count()).toBe(0);
  });
}
