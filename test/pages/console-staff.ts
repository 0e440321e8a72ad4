/** The staff's side of the project's page, and what anybody can do with its histograms. */

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { CampaignDetail, CampaignSpec } from '../../protocol/campaign.ts';
import { visibleText, type WatchedPage } from '../../renderer/testkit/browser.ts';
import type { ConsoleWorld } from './console-world.ts';

interface Stage {
  readonly world: ConsoleWorld;
  readonly page: Page;
  readonly watched: WatchedPage;
  /** In both schemes and widths, for eyes and for tools. */
  looksRight(): Promise<void>;
}

/** What is looked at of ROOT's JSON of a histogram. */
const RootFigures = z.object({
  fName: z.string(),
  fXaxis: z.object({ fXbins: z.array(z.number()) }),
  fSumw2: z.array(z.number()),
  fArray: z.array(z.number()),
});

/** JSROOT's crosses of option "E1", by what they have on paper: "M0,354v6m0,-3h56m0,-3v6M25,354h6m-3,0v6m-3,0h6" for each bin. */
function barsOf(path: string): { readonly y: number; readonly width: number; readonly height: number }[] {
  const crosses = path.matchAll(
    /M\d+,(\d+)v\d+m0,-\d+h(\d+)m0,-\d+v\d+M\d+,\d+h\d+m-\d+,0v(\d+)m-\d+,0h\d+/g,
  );
  return [...crosses].map(([, y, width, height]) => ({
    y: Number(y),
    width: Number(width),
    height: Number(height),
  }));
}

/** @param stage as it is when a test runs; the campaign "z-events" is there and has events at 91.19 GeV */
export function staffPages(stage: () => Stage): void {
  const show = (path: string) => stage().page.goto(`${stage().world.server.url}/${path}`);
  /** The browser itself notes what was refused. */
  const forgetRefusals = () => {
    const { complaints } = stage().watched;
    for (const text of complaints.splice(0))
      if (!/the server responded with a status of 4/.test(text)) complaints.push(text);
  };

  it('staff come in by their token, which stays in the tab', async () => {
    const { page, world, looksRight } = stage();
    await show('#/staff');
    const token = page.getByLabel('Staff token');
    await token.fill('x'.repeat(43));
    await token.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'does not take this token' }).waitFor();
    forgetRefusals();
    await looksRight();
    await token.fill(` ${world.server.staffToken}\n`);
    await token.press('Enter');
    await page.getByRole('heading', { name: 'Operations' }).waitFor();
    expect(await page.title()).toBe('Operations · LEP at home');
    const kept = await page.evaluate(() => [
      localStorage.length,
      document.cookie,
      Object.values(sessionStorage),
    ]);
    expect(kept).toEqual([0, '', [world.server.staffToken]]);
    expect(page.url()).not.toContain(world.server.staffToken);
    await page.reload();
    await page.getByRole('heading', { name: 'Operations' }).waitFor();
  });

  it('operations: failures by cause with what was printed, and who is in quarantine is pardoned', async () => {
    const { page, world, looksRight } = stage();
    for (const seconds of [912, 1013])
      await world.fail(91.19, {
        reason: `killed after ${seconds} s`,
        exitStatus: 137,
        consoleTail: 'event 3\n<img src=x onerror=alert(1)>',
      });
    const host = await world.cheat();
    await page.reload();
    const failures = page.getByRole('region', { name: 'Failures by cause' });
    await failures.getByText('the program failed: killed after 1013 s').waitFor();
    await failures.getByText(/^2 results · 1 computer/).waitFor();
    await failures.locator('summary').first().press('Enter');
    expect(await visibleText(failures.locator('pre'))).toContain('<img src=x onerror=alert(1)>');
    expect(await visibleText(page.locator('[data-figure="quarantined"]'))).toBe('1');
    await page.getByRole('rowheader', { name: 'Whole events at the Z and above' }).waitFor();
    await looksRight();

    const quarantine = page.getByRole('region', { name: 'Quarantine' });
    await quarantine.getByRole('button', { name: 'Pardon' }).press('Enter');
    await page
      .getByRole('dialog', { name: `Pardon ${host}?` })
      .getByRole('button', { name: 'Pardon' })
      .press('Enter');
    await quarantine.getByText('No computer is in quarantine.').waitFor();
    await page.getByRole('cell', { name: new RegExp(`/staff/hosts/${host}/pardon`) }).waitFor();
  });

  it('releases are listed with their tag and size', async () => {
    const { page, looksRight } = stage();
    await page
      .getByRole('navigation', { name: 'Staff' })
      .getByRole('link', { name: 'Software' })
      .press('Enter');
    await page.getByRole('rowheader', { name: /^evgen/ }).waitFor();
    await page.getByRole('cell', { name: /^evgen-\d/ }).waitFor();
    await page.getByRole('cell', { name: /MB$/ }).waitFor();
    const invitations = page
      .getByRole('navigation', { name: 'Staff' })
      .getByRole('link', { name: 'Invitations' });
    expect(await invitations.getAttribute('href')).toBe('/people/index.html#/invitations');
    await looksRight();
  });

  it('a campaign is made in a form: what is wrong is told at the input and at the line, then it is checked and started', async () => {
    const { page, world, looksRight } = stage();
    await show('#/staff/new');
    await page.getByLabel('Name', { exact: true }).fill('by-form');
    await page.getByLabel('Title, for volunteers').fill('Made in a form');
    const energy = page.getByRole('group', { name: 'Centre-of-mass energy (GeV)' });
    expect(await visibleText(energy)).toMatch(/5.GeV to 250.GeV · must be given/);
    await energy.getByRole('combobox').selectOption('grid of values');
    await energy.getByRole('textbox').fill('91.2, 300');
    await page.getByRole('button', { name: 'Check and estimate' }).press('Enter');
    const line = page.locator('.line.wrong');
    expect(await visibleText(line)).toMatch(/energyGeV: \[ 91\.2, 300 \]/);
    const focused = page.locator(':focus');
    expect(await focused.getAttribute('aria-invalid')).toBe('true');
    const described = (await focused.getAttribute('aria-describedby'))?.split(' ').at(-1);
    expect(await visibleText(page.locator(`[id="${described}"]`))).toMatch(/250/);
    forgetRefusals();

    await energy.getByRole('textbox').fill('91.2, 200');
    await page.getByText(/^\d+ more parameters, at their defaults$/).press('Enter');
    const alpha = page.getByRole('group', { name: /^Strong coupling/ });
    await alpha.getByRole('combobox').selectOption('range');
    await alpha.getByLabel('From').fill('0.11');
    await alpha.getByLabel('To').fill('0.13');
    await page.getByLabel('Points', { exact: true }).fill('4');
    for (const [label, value] of [
      ['Events for each point', '400'],
      ['Events in a work unit', '200'],
      ['Events in a block', '100'],
    ] as const)
      await page.getByLabel(label, { exact: true }).fill(value);
    await page.getByRole('button', { name: 'Check and estimate' }).press('Enter');
    const estimate = page.getByRole('status').filter({ hasText: 'The project would take it.' });
    await estimate.waitFor();
    expect((await visibleText(estimate)).replaceAll(/\s+/g, ' ')).toMatch(
      /points 8 work units 16 events 3,200 core hours/,
    );
    await looksRight();

    await page.getByRole('button', { name: 'Start' }).press('Enter');
    await page.getByRole('heading', { name: 'Made in a form' }).waitFor();
    const made = await world.staff.ask(CampaignSpec, 'GET', '/campaigns/by-form/document');
    expect(made).toMatchObject({
      sweep: { energyGeV: [91.2, 200] },
      sample: { method: 'sobol', points: 4, ranges: { alphaS: [0.11, 0.13] } },
      validation: { spot: 0.05 },
    });
  });

  it('work units of so many minutes, and files of another campaign: a refusal is told at the input it is of', async () => {
    const { page, world, looksRight } = stage();
    await world.push('kept', { validation: { quorum: 2 }, sweep: { energyGeV: [60, 70] }, events: 600 });
    await show('#/staff/new');
    await page.getByLabel('Name', { exact: true }).fill('analysis');
    await page.getByLabel('Title, for volunteers').fill('Of files that are there');
    await page.getByRole('group', { name: 'Centre-of-mass energy (GeV)' }).getByRole('textbox').fill('60');
    const said = async (label: string) => {
      await page.getByRole('button', { name: 'Check and estimate' }).press('Enter');
      const input = page.getByLabel(label, { exact: true });
      await expect.poll(() => input.getAttribute('aria-invalid')).toBe('true');
      expect(await input.evaluate((one) => one === document.activeElement)).toBe(true);
      const described = (await input.getAttribute('aria-describedby'))?.split(' ').at(-1);
      return visibleText(page.locator(`[id="${described}"]`));
    };
    const minutes = page.getByLabel('Minutes that a work unit takes, about');
    await minutes.fill('100');
    expect(await said('Minutes that a work unit takes, about')).toMatch(/a lease is for 120 minutes/);
    await minutes.fill('5');
    await page.getByLabel('Events in the smallest work unit').waitFor();

    const from = page.getByLabel('Analyses files of');
    await from.selectOption('z-events');
    // As the other is cut.
    await expect.poll(() => page.getByLabel('Events for each point').inputValue()).toBe('4000');
    expect(await said('Minutes that a work unit takes, about')).toMatch(
      /are those of "z-events"; leave it out/,
    );
    await minutes.fill('');
    expect(await said('Analyses files of')).toMatch(/does not compare whole files of two computers/);
    await from.selectOption('kept');
    await expect.poll(() => page.getByLabel('Events for each point').inputValue()).toBe('600');
    const file = page.getByLabel('File', { exact: true });
    expect(await file.inputValue()).toBe('events.hepmc');
    await page.getByLabel('Events in a work unit').fill('400');
    expect(await said('Events in a work unit')).toMatch(/a unit of "kept" has 200 events/);
    await page.getByLabel('Events in a work unit').fill('200');
    await page.getByRole('button', { name: 'Check and estimate' }).press('Enter');
    await page.getByRole('status').filter({ hasText: 'The project would take it.' }).waitFor();
    forgetRefusals();
    await looksRight();
    await page.getByRole('button', { name: 'Start' }).press('Enter');
    await page.getByRole('heading', { name: 'Of files that are there' }).waitFor();
    expect(await world.staff.ask(CampaignSpec, 'GET', '/campaigns/analysis/document')).toMatchObject({
      inputs: { from: 'kept', output: 'events.hepmc' },
      ...{ events: 600, eventsPerUnit: 200 },
    });
  });

  it('a campaign is paused with a reason, goes on, is extended, cloned and cancelled, each after a question', async () => {
    const { page, world } = stage();
    const dialog = page.getByRole('dialog');
    const state = async () => visibleText(page.locator('.page-head .badge'));
    const act = async (name: string) => {
      await page.getByRole('button', { name, exact: true }).press('Enter');
      await dialog.waitFor();
    };
    await show('#/campaigns/by-form');
    await page.getByRole('heading', { name: 'Made in a form' }).waitFor();
    await act('Pause');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect((await world.staff.campaign('by-form')).state).toBe('running');
    await act('Pause');
    await dialog.getByLabel('Reason').fill('a look at the first events');
    await page.keyboard.press('Enter');
    await expect.poll(state).toBe('paused');
    await page.getByText('a look at the first events').waitFor();
    await act('Resume');
    await dialog.getByRole('button', { name: 'Resume' }).press('Enter');
    await expect.poll(state).toBe('running');
    await act('Extend');
    await dialog.getByLabel('Events for each point, in all').fill('10');
    await page.keyboard.press('Enter');
    await dialog.getByText(/ask for more/).waitFor();
    forgetRefusals();
    await dialog.getByLabel('Events for each point, in all').fill('600');
    await page.keyboard.press('Enter');
    await page.getByText('of 4,800 wanted').waitFor();

    await page.getByRole('link', { name: 'Clone' }).press('Enter');
    await page.getByRole('heading', { name: 'New campaign like “by-form”' }).waitFor();
    await page.getByText('alphaS: [ 0.11, 0.13 ]').waitFor();
    expect(await page.getByLabel('Events for each point').inputValue()).toBe('600');
    await page.getByLabel('Name', { exact: true }).fill('by-form');
    await page.getByRole('button', { name: 'Start' }).press('Enter');
    await page.getByRole('alert').filter({ hasText: 'choose another name' }).waitFor();
    forgetRefusals();
    expect(await page.locator(':focus').inputValue()).toBe('by-form');

    await show('#/campaigns/by-form');
    await act('Cancel');
    await dialog.getByRole('button', { name: 'Cancel' }).press('Enter');
    await expect.poll(state).toBe('cancelled');
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0);
  });

  it('a histogram is compared, noted on and kept as a picture', async () => {
    const { page, looksRight } = stage();
    await show('#/campaigns/z-events');
    await page.locator('svg path.line').waitFor({ state: 'attached' });
    await page.getByLabel('With', { exact: true }).selectOption('another point of this campaign');
    await page.locator('svg path.other').waitFor({ state: 'attached' });
    await page.getByRole('slider', { name: /^Its point 1 of 3/ }).press('ArrowRight');
    await page
      .getByText(/^Whole events at the Z and above, .*133.GeV$/)
      .first()
      .waitFor();

    await page.getByRole('button', { name: 'Write a note' }).press('Enter');
    await page.keyboard.type('<b>Statistics</b>, not physics');
    await page.getByRole('button', { name: 'Save' }).press('Enter');
    await page.getByRole('note').getByText('<b>Statistics</b>, not physics').waitFor();
    await looksRight();

    const saved = async (kind: string) => {
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: kind, exact: true }).press('Enter');
      const file = await download;
      return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
    };
    const svg = await saved('SVG');
    expect(svg.name).toMatch(/^z-events-p0-data-.*\.svg$/);
    const text = svg.bytes.toString('utf8');
    expect(text).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(text).toMatch(/χ²\/N = [\d.]+/);
    expect(text).toMatch(/z-events, .*91\.19.GeV; evgen/);
    expect(text).not.toMatch(/ class=| style=|var\(--/);
    const png = await saved('PNG');
    expect(png.bytes.subarray(1, 4).toString('latin1')).toBe('PNG');
    expect(png.bytes.length).toBeGreaterThan(10_000);

    // On paper there is the histogram, and what it is of.
    await page.emulateMedia({ media: 'print' });
    expect(await page.getByRole('button', { name: 'SVG' }).isVisible()).toBe(false);
    expect(await page.getByRole('heading', { name: 'Progress' }).isVisible()).toBe(false);
    expect(await page.locator('svg path.line').isVisible()).toBe(true);
    await page.emulateMedia({ media: 'screen' });
  });

  it('a histogram opens in JSROOT, which draws what the project counted and reaches nothing of the page', async () => {
    const { page, world, watched, looksRight } = stage();
    await show('#/campaigns/z-events');
    await page.locator('svg path.line').waitFor({ state: 'attached' });
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'ROOT JSON' }).press('Enter');
    const file = await download;
    expect(file.suggestedFilename()).toMatch(/^z-events-p0-[\w.-]+\.root\.json$/);
    const told = RootFigures.parse(JSON.parse(await readFile(await file.path(), 'utf8')));
    // What the server has, and the very same that is drawn.
    const { points } = await world.staff.ask(CampaignDetail, 'GET', '/campaigns/z-events');
    const name = told.fName.replace('z-events_p00_', '');
    expect(told.fArray).toEqual(points[0]?.histograms[name]);
    expect(Math.max(...told.fArray)).toBeGreaterThan(20);

    const policy = (await page.request.get(`${world.server.url}/root/index.html`)).headers()[
      'content-security-policy'
    ];
    expect(policy).toMatch(/^default-src 'none'.*frame-ancestors 'self'; sandbox allow-scripts$/);
    // Nobody has loaded it so far.
    const loaded = () => page.evaluate(() => performance.getEntriesByType('resource').map((one) => one.name));
    expect((await loaded()).filter((one) => one.includes('/root/'))).toEqual([]);
    await page.getByRole('button', { name: 'Open in JSROOT' }).press('Enter');
    const dialog = page.getByRole('dialog');
    const frame = dialog.frameLocator('iframe');
    const errors = frame.locator('.main_layer path').first();
    await errors.waitFor({ state: 'attached' });
    const drawn = page.frames().find((one) => one.url().endsWith('/root/index.html'));
    expect(await drawn?.evaluate(() => origin)).toBe('null');
    for (const reach of ['sessionStorage.length', 'document.cookie', 'parent.document.title'])
      await expect(drawn?.evaluate(reach)).rejects.toThrow(/Security|sandboxed|cross-origin/i);
    expect(await drawn?.evaluate(() => fetch('/api/v1/project').catch(() => 'refused'))).toBe('refused');
    // The browser says so on its console and in an event.
    await expect.poll(() => watched.complaints.filter((one) => /connect-src/.test(one)).length).toBe(2);
    watched.complaints.splice(0);

    // For each bin a bar as high as its error and one as wide as itself, on the scale of the axis beside it.
    const bars = barsOf((await errors.getAttribute('d')) ?? '');
    const edges = told.fXaxis.fXbins;
    const filled = told.fArray.slice(1, -1).flatMap((content, i) =>
      content > 0
        ? [
            {
              content,
              error: Math.sqrt(told.fSumw2[i + 1] ?? 0),
              width: (edges[i + 1] ?? 0) - (edges[i] ?? 0),
            },
          ]
        : [],
    );
    expect(bars.length).toBe(filled.length);
    const [tallest = 0] = filled
      .map((_, i) => i)
      .sort((a, b) => (filled[b]?.content ?? 0) - (filled[a]?.content ?? 0));
    const [top, bar] = [filled[tallest], bars[tallest]];
    if (!top || !bar) throw new Error('nothing is drawn');
    const perEvent = bar.height / (2 * top.error);
    const perX = bar.width / top.width;
    for (const [i, { content, error, width }] of filled.entries()) {
      const here = bars[i];
      // JSROOT draws on whole pixels.
      expect(Math.abs((here?.height ?? 0) - 2 * error * perEvent)).toBeLessThan(3);
      expect(Math.abs((here?.width ?? 0) - width * perX)).toBeLessThan(3);
      expect(Math.abs((here?.y ?? 0) - bar.y - (top.content - content) * perEvent)).toBeLessThan(
        top.content * perEvent * 0.02 + 3,
      );
    }
    await looksRight();
    // Its colours follow the page's.
    const filter = () => frame.locator('.root_canvas').evaluate((svg) => getComputedStyle(svg).filter);
    for (const [colorScheme, wished] of [
      ['dark', 'invert(1)'],
      ['light', 'none'],
    ] as const) {
      await page.emulateMedia({ colorScheme });
      await expect.poll(filter).toBe(wished);
    }
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  it('one histogram lives in somebody else’s page, and nothing else of the project can be framed', async () => {
    const { page, world, watched } = stage();
    await page.getByRole('button', { name: 'Embed' }).press('Enter');
    const code = await visibleText(page.getByRole('dialog').locator('code'));
    expect(code).toContain(`${world.server.url}/embed#/campaigns/z-events/0/`);
    const foreign = createServer((_, answer) => {
      answer.setHeader('content-type', 'text/html; charset=utf-8');
      answer.end(`<title>a blog</title>${code}<iframe id="whole" src="${world.server.url}/"></iframe>`);
    });
    await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve));
    try {
      await page.goto(`http://127.0.0.1:${(foreign.address() as AddressInfo).port}/`);
      const frame = page.frameLocator('iframe').first();
      await frame.locator('svg path.line').waitFor({ state: 'attached' });
      // There is nothing on it that a hidden frame could make staff press.
      expect(await frame.getByRole('button').count()).toBe(0);
      expect(await visibleText(frame.locator('.card h2'))).toBe('Thrust');
      await expect.poll(() => watched.complaints.join()).toMatch(/frame-ancestors 'none'/);
      expect(await page.frameLocator('#whole').locator('#app').count()).toBe(0);
      watched.complaints.splice(0);
    } finally {
      foreign.closeAllConnections();
      await new Promise((resolve) => foreign.close(resolve));
    }
  });

  it('who signs out is staff no more', async () => {
    const { page } = stage();
    await show('#/staff');
    await page.getByRole('button', { name: 'Sign out' }).press('Enter');
    await page.getByLabel('Staff token').waitFor();
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
    await show('#/campaigns/z-events');
    await page.locator('svg path.line').waitFor({ state: 'attached' });
    // What staff noted is for everybody; to change it is not.
    await page.getByRole('note').waitFor();
    for (const name of ['Pause', 'Change the note'])
      expect(await page.getByRole('button', { name }).count()).toBe(0);
  });
}
