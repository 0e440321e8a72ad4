/** The project's page, as built, in a real browser, served by a real project server to which results come in. */

import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import {
  accessibilityProblems,
  contrastProblems,
  launchChromium,
  openPage,
  visibleText,
  type WatchedPage,
} from '../../renderer/testkit/browser.ts';
import { staffPages } from './console-staff.ts';
import { ConsoleWorld } from './console-world.ts';
import { layoutProblems } from './layout.ts';

export function projectPage(): void {
  let world: ConsoleWorld;
  let browser: Browser;
  let watched: WatchedPage;
  let page: Page;
  beforeAll(async () => {
    world = await ConsoleWorld.start();
    await world.push('z-events', { title: 'Whole events at the Z and above' });
    browser = await launchChromium();
    watched = await openPage(browser, { reducedMotion: 'reduce', locale: 'en-GB', acceptDownloads: true });
    page = watched.page;
  });
  afterAll(async () => {
    await browser?.close();
    await world?.stop();
  });
  afterEach(() => expect(watched.complaints).toEqual([]));

  const events = () => page.locator('[data-figure="events"]');

  /** Everything about how it looks, at a phone's width and a desk's, in both schemes. */
  async function looksRight(): Promise<void> {
    for (const width of [400, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      expect(await layoutProblems(page), `${width} px`).toEqual([]);
    }
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await contrastProblems(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'light' });
  }

  it('lists the campaigns, and says how to join', async () => {
    const answer = await page.goto(world.server.url);
    expect(answer?.headers()['content-security-policy']).toContain("default-src 'none'");
    await page.getByRole('heading', { name: 'LEP at home' }).waitFor();
    await page.getByRole('progressbar', { name: /^Whole events .* 0% of its events$/ }).waitFor();
    expect(await visibleText(page.locator('code'))).toBe(`beamtime join '${world.server.invitation}'`);
    const link = page.getByRole('link', { name: 'Open in Beamtime' });
    expect(await link.getAttribute('href')).toBe(world.server.invitation);
    await looksRight();
  });

  it('a campaign’s histogram grows while results come in, beside the measured data, without a reload', async () => {
    await page.getByRole('link', { name: 'Whole events at the Z and above' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('The line will appear with the first events.').waitFor();
    expect(await visibleText(events())).toBe('0');
    const line = page.locator('svg path.line');
    expect(await line.count()).toBe(0);

    await world.compute(1, 91.19);
    await line.waitFor({ state: 'attached' });
    expect(await visibleText(events())).toBe('200');
    const before = await line.getAttribute('d');
    await world.compute(2, 91.19);
    await expect.poll(() => visibleText(events())).toBe('600');
    expect(await line.getAttribute('d')).not.toBe(before);
    await page.getByText(/^χ²\/N = [\d.]+ over N = \d+ bins/).waitFor();
    await looksRight();
  });

  it('the sweep is a slider for the keyboard; points without measurements show histograms alone', async () => {
    const slider = page.getByRole('slider', { name: /^energy/ });
    expect(await slider.getAttribute('aria-valuetext')).toContain('91.19');
    await slider.focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => slider.getAttribute('aria-valuetext')).toContain('133');
    await page.getByText('0 of 20 work units, 0 events').waitFor();
    await world.compute(1, 133);
    await page.getByText('1 of 20 work units, 200 events').waitFor();
    await page.locator('svg path.outline').waitFor({ state: 'attached' });
    expect(await page.locator('svg path.outline').getAttribute('d')).toMatch(/^M/);
  });

  it('merged results are taken along as YODA and JSON, as the command line gives them', async () => {
    const saved = async (name: string) => {
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name, exact: true }).click();
      const file = await download;
      return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
    };
    const yoda = await saved('YODA');
    expect(yoda.name).toBe('z-events.yoda');
    expect(yoda.text).toMatch(/^BEGIN YODA_HISTO1D_V2 \/z-events\/p00\//);
    const json = await saved('JSON');
    expect(JSON.parse(json.text).points[0].eventsValid).toBe(600);
  });

  it('a campaign that is not there is said not to be; the list is one key away', async () => {
    await page.goto(`${world.server.url}/#/campaigns/none`);
    await page.getByRole('heading', { name: 'There is no campaign “none” here.' }).waitFor();
    // The browser itself notes what was refused.
    watched.complaints.splice(0);
    await page.getByRole('link', { name: 'All campaigns' }).press('Enter');
    await page.getByRole('heading', { name: 'Campaigns' }).waitFor();
  });

  staffPages(() => ({ world, page, watched, looksRight }));
}
