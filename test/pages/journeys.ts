/** What a person does with the pages, against a real engine and project; in this order, each from where the last ended. */

import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AttachCode, OwnHostList } from '../../protocol/people-api.ts';
import { accessibilityProblems, contrastProblems, type WatchedPage } from '../../renderer/testkit/browser.ts';
import { Person } from '../../server/testkit/person.ts';
import { layoutProblems } from './layout.ts';
import { NAMES, show, WIDTHS } from './pages.ts';
import { World } from './world.ts';

const WITHIN = { timeout: 50_000, interval: 100 };
const PAST_UNITS = 10_000;

export function journeys(): void {
  let world: World;
  let watched: WatchedPage;
  let page: Page;

  beforeAll(async () => {
    world = await World.start({
      past: { units: PAST_UNITS, days: 60 },
      notMeasured: { capsule: 'qemu', why: 'the machine did not boot in time' },
    });
    watched = await world.open();
    page = watched.page;
  });
  afterAll(async () => {
    await world?.stop();
    expect(watched.complaints).toEqual([]);
  });

  it('first run: three steps to the first event, without an account', async () => {
    const started = performance.now();
    await page.getByRole('heading', { name: 'Your spare cores can do particle physics' }).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByLabel('Invitation').fill(world.invitation);
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('button', { name: 'Look at it' }).click();
    const dialog = page.getByRole('dialog', { name: 'Join this project?' });
    await dialog.waitFor();
    expect(await dialog.textContent()).toContain('A test');
    expect(await accessibilityProblems(page)).toEqual([]);
    // Nothing is joined by looking.
    expect((await world.state()).projects).toEqual([]);
    await dialog.getByRole('button', { name: 'Join', exact: true }).click();
    await page.getByRole('heading', { name: 'Your first event is on its way' }).waitFor();
    await expect
      .poll(async () => (await world.state()).running.some(({ done }) => done > 0), WITHIN)
      .toBe(true);
    expect(performance.now() - started).toBeLessThan(60_000);
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('button', { name: 'Show me everything' }).click();
    await page.getByRole('heading', { name: 'What your events look like' }).waitFor();
  });

  it('shows units run until one is validated, beside the exact curve of theory', async () => {
    const before = (await world.state()).contribution.unitsValid;
    await expect
      .poll(async () => (await world.state()).contribution.unitsValid, WITHIN)
      .toBeGreaterThan(before);
    await page.getByText('leading-order theory, exact, not fitted').waitFor();
    const fit = await page.getByText(/χ² = /).textContent();
    const [chi2 = 0, bins = 0] = (fit?.match(/[\d.,]+/g) ?? []).map((text) =>
      Number(text.replaceAll(',', '')),
    );
    expect(bins).toBeGreaterThan(5);
    expect(chi2).toBeLessThan(bins + 6 * Math.sqrt(2 * bins));
  });

  describe.each(NAMES)('the page %s', (name) => {
    it.each(WIDTHS)(
      'at %d px: nothing overlaps or overflows, and all can be used by everybody',
      async (width) => {
        await page.setViewportSize({ width, height: 900 });
        await show(page, name);
        expect(await layoutProblems(page)).toEqual([]);
        // Wider, nothing is there that was not, and nothing is arranged otherwise.
        if (width > 1440) return;
        await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
        expect(await accessibilityProblems(page)).toEqual([]);
        await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
        expect(await contrastProblems(page)).toEqual([]);
      },
    );
  });

  it('is used by keyboard alone: to each page, to what it holds, and never lost', async () => {
    await page.setViewportSize({ width: 1440, height: 900 });
    await show(page, 'home');
    await page.reload();
    await page.locator('h1').waitFor();
    const { keyboard } = page;
    const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');
    await keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the page');
    for (const name of ['Home', 'Contribution', 'Projects', 'Preferences', 'Health']) {
      await keyboard.press('Tab');
      expect(await focused()).toBe(name);
      const outline = await page.evaluate(
        () => getComputedStyle(document.activeElement as Element).outlineStyle,
      );
      expect(outline).toBe('solid');
    }
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Health', level: 1 }).waitFor();
    // The focus goes with the person: the next Tab is in the new page.
    await keyboard.press('Tab');
    expect(await focused()).toBe('Check again');
  });

  it('paints the week by keyboard; changes hold at once, until undone', async () => {
    await show(page, 'preferences');
    await page.getByRole('radio', { name: 'Gentle' }).check();
    await expect.poll(async () => (await world.state()).preferences.maxTemperatureC).toBe(70);
    await page.getByText('Saved', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(async () => (await world.state()).preferences.maxTemperatureC).toBe(80);
    await page.getByText('Undone').waitFor();

    await page
      .getByRole('gridcell', { name: 'Monday, 0:00' })
      .or(page.locator('[data-cell="1 0"]'))
      .first()
      .focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Space');
    await expect.poll(async () => (await world.state()).preferences.schedule.length).toBeGreaterThan(0);
    const { schedule } = (await world.state()).preferences;
    expect(schedule).toContainEqual({ days: [1], fromMinute: 0, toMinute: 60 });
    expect(schedule).toContainEqual({ days: [1], fromMinute: 120, toMinute: 1440 });
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(async () => (await world.state()).preferences.schedule).toEqual([]);

    const disk = page.getByLabel('Disk at most');
    await disk.fill('7');
    await disk.press('Enter');
    await page.getByText('A whole number from 50 to 1000000').waitFor();
    expect((await world.state()).preferences.diskLimitMb).toBe(2048);
    await disk.fill('3000');
    await disk.press('Enter');
    await expect.poll(async () => (await world.state()).preferences.diskLimitMb).toBe(3000);

    await page.getByLabel('Pause while one of these runs').fill('blender');
    await page.keyboard.press('Enter');
    await expect.poll(async () => (await world.state()).preferences.pausePrograms).toEqual(['blender']);
    await page.getByRole('button', { name: 'Remove blender' }).click();
    await expect.poll(async () => (await world.state()).preferences.pausePrograms).toEqual([]);
  });

  it('pauses, says so in the sentence, and resumes', async () => {
    await show(page, 'home');
    await page.getByRole('button', { name: 'Pause until tomorrow' }).click();
    await page.getByRole('heading', { name: /^Paused by you for another/ }).waitFor();
    expect(Date.parse((await world.state()).status.pausedUntil ?? '')).toBeGreaterThan(Date.now());
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('button', { name: 'Pause for 1 hour' }).waitFor();
  });

  it('speaks five languages, and keeps the one that was chosen', async () => {
    await show(page, 'preferences');
    const headings = {
      fr: 'Préférences',
      de: 'Einstellungen',
      it: 'Preferenze',
      es: 'Preferencias',
      en: 'Preferences',
    };
    for (const [language, heading] of Object.entries(headings)) {
      await page
        .locator('select')
        .filter({ has: page.locator('option[lang="de"]') })
        .selectOption(language);
      await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
      expect(await page.locator('html').getAttribute('lang')).toBe(language);
      if (language !== 'de') continue;
      await page.reload();
      await page.getByRole('heading', { name: 'Einstellungen', level: 1 }).waitFor();
      for (const name of NAMES) {
        await show(page, name);
        await page.setViewportSize({ width: 360, height: 900 });
        expect(await layoutProblems(page), name).toEqual([]);
      }
      // The checks too, in whatever words the engine has for them.
      expect(await page.getByText('noch nicht geholt; es kommt vom Projekt').count()).toBe(1);
      expect(await page.locator('section:has(#doctor-title) li [lang]').count()).toBe(0);
      await page.setViewportSize({ width: 1440, height: 900 });
      await show(page, 'preferences');
    }
  });

  it('goes light and dark by choice, whatever the system has', async () => {
    await show(page, 'preferences');
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = 'rgb(244, 246, 250)';
    await expect.poll(ground).toBe(light);
    const choice = page.getByLabel('Colours');
    await choice.selectOption('dark');
    await expect.poll(ground).not.toBe(light);
    await choice.selectOption('system');
    await expect.poll(ground).toBe(light);
  });

  it('lists ten thousand units and keeps only those in view', async () => {
    await show(page, 'health');
    await page.getByText(/^10,\d\d\d finished$/).waitFor();
    const scroller = page.getByRole('region', { name: 'All finished work units' });
    const table = scroller.getByRole('table');
    await table.waitFor();
    const rows = () => table.getByRole('row').count();
    expect(await rows()).toBeLessThan(40);
    let height = 0;
    for (let i = 0; i < 4; i += 1) {
      await scroller.evaluate((element) => element.scrollTo(0, element.scrollHeight));
      await expect.poll(() => scroller.evaluate((element) => element.scrollHeight)).toBeGreaterThan(height);
      height = await scroller.evaluate((element) => element.scrollHeight);
    }
    expect(await rows()).toBeLessThan(40);
    await page.getByLabel('Show').selectOption('invalid');
    await page.getByText(/^1,1\d\d finished$/).waitFor();
    await table.getByText('Two other computers agree on another result.').first().waitFor();
  });

  it('shows the log of one unit, its console and a report', async () => {
    await page.getByLabel('Show').selectOption('');
    const unit = (await world.state()).finished.findLast(({ unitId }) => !unitId.startsWith('past-'));
    const row = page.getByRole('row').filter({ hasText: 'A test' }).first();
    await row.getByRole('button', { name: 'Log' }).click();
    await page.getByText(/^Only work unit /).waitFor();
    await page.getByRole('button', { name: 'Show all work units' }).click();
    await row.getByRole('button', { name: 'Console' }).click();
    const dialog = page.getByRole('dialog', { name: /^Console of / });
    await dialog.waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(unit).toBeDefined();
    await page.getByRole('button', { name: 'Make the report' }).click();
    const report = page.getByRole('region', { name: 'The report' });
    await expect.poll(() => report.textContent()).toMatch(/0\.1\.0/);
    expect(await report.textContent()).not.toContain(new URL(world.pageUrl).hash.slice('#token='.length));
  });

  it('mends with one click what a check has found', async () => {
    await show(page, 'health');
    const row = page.locator('section:has(#doctor-title) li').filter({ hasText: 'Which capsule is faster' });
    await row.getByText('no figure for evgen in Micro VM: the machine did not boot in time').waitFor();
    await row.getByText('warning', { exact: true }).waitFor();
    expect((await world.state()).calibrations.map(({ application }) => application)).toEqual(['evgen']);
    await row.getByRole('button', { name: 'Measure again' }).click();
    await row.getByText('not measured yet; the first work units tell').waitFor();
    await row.getByText('good', { exact: true }).waitFor();
    expect(await row.getByRole('button').count()).toBe(0);
    // The engine has forgotten what failed, and so measures it when it next can.
    await expect.poll(async () => (await world.state()).calibrations, WITHIN).toEqual([]);
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  it('shows where my events ended up, with and without me', async () => {
    await show(page, 'contribution');
    await page.getByLabel('Campaign').selectOption({ label: 'A test' });
    await page.getByText(/of this point is yours/).waitFor();
    const outline = () => page.locator('section:has(#share-title) path.outline').getAttribute('d');
    const withMe = await outline();
    await page.getByLabel('Show the plot without my share').check();
    await expect.poll(outline).not.toBe(withMe);
  });

  it('gives the contribution away as CSV, JSON and a picture', async () => {
    for (const [name, pattern] of [
      ['CSV', /^day,project,campaign,/],
      ['JSON', /^\{\n {2}"days": \[/],
    ] as const) {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name, exact: true }).click(),
      ]);
      expect(readFileSync(await download.path(), 'utf8')).toMatch(pattern);
    }
    await page.getByRole('button', { name: 'A picture to share' }).click();
    await page.getByRole('img', { name: /^My computer does particle physics/ }).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the picture' }).click(),
    ]);
    const png = readFileSync(await download.path());
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1200, 630]);
  });

  it('makes this computer an account’s by its code, and nobody’s again', async () => {
    const ada = await Person.signUp(world.project.server.url, 'ada');
    const hosts = async () => (await ada.ask(OwnHostList, 'GET', '/account/hosts')).hosts.length;
    await show(page, 'projects');
    await page.getByText('Your account there').press('Enter');
    await page.getByText('This computer is nobody’s').waitFor();
    const code = page.getByLabel('Code of your account’s page');
    await code.fill('0000-0000');
    await code.press('Enter');
    await page.getByRole('alert').getByText('there is no such code').waitFor();
    watched.complaints.splice(0); // The browser itself notes what was refused.
    const shown = await ada.ask(AttachCode, 'POST', '/account/attach-code');
    await code.fill(` beamtime attach ${shown.code}`);
    await code.press('Enter');
    await page.getByText('This computer is ada’s.').waitFor();
    expect(await hosts()).toBe(1);
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      expect(await layoutProblems(page), `${width} px`).toEqual([]);
    }
    expect(await accessibilityProblems(page)).toEqual([]);
    // It is the project that knows.
    await page.reload();
    await page.getByText('Your account there').press('Enter');
    await page.getByText('This computer is ada’s.').waitFor();
    await page.getByRole('button', { name: 'Detach' }).press('Enter');
    await page.getByText('This computer is nobody’s').waitFor();
    expect(await hosts()).toBe(0);
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  it('sets a project’s share, and leaves it with its work given back', async () => {
    await show(page, 'projects');
    const slider = page.getByLabel('Share of your computing time');
    await slider.focus();
    await page.keyboard.press('Home');
    await expect.poll(async () => (await world.state()).projects[0]?.share).toBe(0);
    await page.getByText('No new work is taken').waitFor();
    await page.getByText('What it computes now').click();
    await page.locator('details li').filter({ hasText: 'A test' }).waitFor();
    await page.getByRole('button', { name: 'Leave the project' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('radio', { name: /Give it back/ }).check();
    expect(await accessibilityProblems(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Leave the project' }).click();
    await expect.poll(async () => (await world.state()).projects, WITHIN).toEqual([]);
    await page.getByText('No project is joined yet.').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  it('joins by a .beamtime file, looked at first', async () => {
    const file = {
      name: 'test.beamtime',
      mimeType: 'text/plain',
      buffer: Buffer.from(`${world.invitation}\n`),
    };
    await page.locator('input[type=file]').setInputFiles(file);
    const dialog = page.getByRole('dialog', { name: 'Join this project?' });
    await dialog.getByRole('button', { name: 'Join', exact: true }).click();
    await expect.poll(async () => (await world.state()).projects.length, WITHIN).toBe(1);
    await page.getByText('Joined. The first work is on its way.').waitFor();
  });
}
