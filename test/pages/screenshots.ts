/**
 * `npm run screenshots`: every page at every size in both schemes, of a real engine at work, and the states in which
 * there is little or nothing to show, into build/screenshots; the few that README and docs show into docs/screenshots.
 */
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { openPage } from '../../renderer/testkit/browser.ts';
import { startPageEngine } from '../../renderer/testkit/engine.ts';
import { busyState, emptyState } from '../../renderer/testkit/states.ts';
import { root } from '../testkit/command.ts';
import { ConsoleWorld } from './console-world.ts';
import { NAMES, SCHEMES, show, WIDTHS } from './pages.ts';
import { PeopleWorld } from './people-world.ts';
import { World } from './world.ts';

const TARGET = join(root, 'build/screenshots');
const CHOSEN_FOLDER = join(root, 'docs/screenshots');
const CHOSEN: readonly string[] = [
  'home-1440-light',
  'home-1440-dark',
  'contribution-1440-light',
  'projects-360-light',
  'preferences-800-dark',
  'health-1440-light',
  'project-campaign-1440-light',
  'project-operations-1440-light',
  'project-new-1440-light',
];
/** Of this height at least; the picture is of the whole page. */
const HEIGHTS: Readonly<Record<number, number>> = {
  360: 740,
  400: 800,
  800: 1000,
  1280: 800,
  1440: 900,
  3840: 2160,
};
const STATE_WIDTHS = [360, 1440];
const PROJECT_WIDTHS = [400, 1440];
const PEOPLE_WIDTHS = [400, 1280];

const only = process.argv.slice(2);
const isWanted = (file: string) => only.length === 0 || only.some((part) => file.includes(part));

async function take(page: Page, name: string, widths: readonly number[]): Promise<void> {
  for (const width of widths) {
    for (const scheme of SCHEMES) {
      const file = `${name}-${width}-${scheme}`;
      if (!isWanted(file)) continue;
      await page.setViewportSize({ width, height: HEIGHTS[width] ?? 900 });
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      await delay(150);
      // As high as the page, so that the phone's navigation is at its end and not across it.
      const height = await page.evaluate(() => document.documentElement.scrollHeight);
      await page.setViewportSize({ width, height: Math.max(height, HEIGHTS[width] ?? 900) });
      await page.screenshot({ path: join(TARGET, `${file}.png`), fullPage: true });
      process.stderr.write(`${file}\n`);
    }
  }
}

/** Of an engine at work. */
async function takePages(page: Page): Promise<void> {
  for (const name of NAMES) {
    await show(page, name);
    await delay(600);
    await take(page, name, WIDTHS);
  }
}

/** States of an engine that are hard to come by, or soon over. */
async function takeStates(world: World): Promise<void> {
  const engine = await startPageEngine(emptyState());
  const { page } = await openPage(world.browser, { reducedMotion: 'reduce', locale: 'en-GB' });
  const picture = (name: string) => take(page, `state-${name}`, STATE_WIDTHS);
  const heading = (name: string | RegExp) => page.getByRole('heading', { name }).waitFor();
  const busy = busyState();
  const status = (part: Partial<typeof busy.status>) =>
    engine.replace({ ...busy, running: [], status: { ...busy.status, slots: 0, ...part } });
  try {
    await page.goto(engine.url);
    await heading('This page needs its key');
    await picture('no-key');
    await page.goto(`${engine.url}/#token=${engine.token}`);
    await heading('Your spare cores can do particle physics');
    await picture('first-run');
    await page.getByRole('button', { name: 'Next' }).click();
    await picture('first-run-join');
    for (const name of ['contribution', 'projects', 'health'] as const) {
      await show(page, name);
      await picture(`${name}-empty`);
    }
    await show(page, 'home');
    engine.replace(busy);
    await heading('Your first event is on its way');
    await picture('first-run-last');
    await page.getByRole('button', { name: 'Show me everything' }).click();
    const message = 'the server answered 503';
    status({ state: 'offline', cause: { code: 'offline', values: { message } } });
    await heading(/cannot be reached/);
    await picture('offline');
    status({ state: 'attention', cause: { code: 'disk', values: { message: '', why: 'full' } } });
    await heading(/disk is full/);
    await picture('disk-full');
    status({ state: 'paused', cause: { code: 'paused', values: { minutesLeft: null } } });
    await heading(/^Paused/);
    await picture('paused');
    engine.replace({ ...busyState(64), histograms: null, filled: null, lastEvent: null, finished: [] });
    await heading(/64 cores/);
    await picture('many-cores');
    const failing = /\/api\/v1\/(history|doctor|units|log)/;
    await page.route(failing, (route) => route.abort());
    await show(page, 'health');
    await page.getByText('This could not be loaded.').first().waitFor();
    await picture('health-failed');
    await page.unroute(failing);
    await show(page, 'home');
    await page.route('**/api/**', (route) => route.abort('connectionrefused'));
    await engine.close();
    await page.getByText('The engine does not answer.').waitFor();
    await picture('lost');
  } finally {
    await engine.close().catch(() => {});
  }
}

/** Of a project: its campaigns, and one of them half full beside the measured data. */
async function takeProject(browser: Browser): Promise<void> {
  const project = await ConsoleWorld.start();
  try {
    await project.push('z-events', {
      title: 'Whole events at the Z and above',
      events: 6000,
      eventsPerUnit: 1000,
    });
    const { page } = await openPage(browser, { reducedMotion: 'reduce', locale: 'en-GB' });
    await page.goto(project.server.url);
    await page.getByRole('link', { name: 'Whole events' }).waitFor();
    await project.compute(3, 91.19);
    await project.push('beams', { title: 'Polarised beams', sweep: { energyGeV: [91.19] } });
    await page.goto(`${project.server.url}/#/campaigns/z-events`);
    await page.locator('svg path.line').waitFor({ state: 'attached' });
    await take(page, 'project-campaign', PROJECT_WIDTHS);
    await page.getByRole('button', { name: 'Open in JSROOT' }).click();
    await page
      .getByRole('dialog')
      .frameLocator('iframe')
      .locator('.main_layer path')
      .first()
      .waitFor({ state: 'attached' });
    await take(page, 'project-jsroot', PROJECT_WIDTHS);
    await page.keyboard.press('Escape');
    await page.goto(`${project.server.url}/#/`);
    await page.getByRole('progressbar', { name: /Whole events/ }).waitFor();
    await take(page, 'project-list', PROJECT_WIDTHS);
    await takeStaff(page, project);
    await page.close();
  } finally {
    await project.stop();
  }
}

/** What staff see: how the project does, and a campaign in the making. */
async function takeStaff(page: Page, project: ConsoleWorld): Promise<void> {
  for (const seconds of [912, 1013])
    await project.fail(91.19, {
      reason: `exit status 137: killed after ${seconds} s`,
      exitStatus: 137,
      consoleTail: 'evgen: event 1200 of 2000\nKilled',
    });
  await project.cheat();
  await page.goto(`${project.server.url}/#/staff`);
  await page.getByLabel('Staff token').fill(project.server.staffToken);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Failures by cause' }).waitFor();
  await page.locator('summary').first().click();
  await take(page, 'project-operations', PROJECT_WIDTHS);
  await page.goto(`${project.server.url}/#/staff/new/z-events`);
  await page.getByLabel('Name', { exact: true }).fill('z-events-2');
  await page.getByRole('button', { name: 'Check and estimate' }).click();
  await page.getByRole('heading', { name: 'What it would be' }).waitFor();
  await take(page, 'project-new', PROJECT_WIDTHS);
}

/** Of accounts: what anybody sees, what who is signed in, and what staff. */
async function takePeople(browser: Browser): Promise<void> {
  const people = await PeopleWorld.start();
  try {
    const { page } = await openPage(browser, { reducedMotion: 'reduce', locale: 'en-GB' });
    const picture = async (name: string, heading: string | RegExp, about = '') => {
      await page.goto(`${people.home}/people/index.html#/${name}${about}`);
      await page.getByRole('heading', { name: heading }).first().waitFor();
      await delay(300);
      await take(page, `people-${name}`, PEOPLE_WIDTHS);
    };
    await picture('statistics', 'Who contributes');
    await picture('sign-in', 'Sign in');
    await picture('sign-up', 'Create an account');
    await picture('recover', 'A new password');
    await picture('join', 'Summer school', `/${people.code}`);
    await people.signIn(page, { name: 'Name to sign in with', password: 'Password' });
    await picture('account', 'Ada');
    await picture('invitations', 'All invitations');
    await page.getByRole('button', { name: 'Show the invitation Summer' }).click();
    await page.getByRole('img', { name: 'QR code' }).waitFor();
    await take(page, 'people-invitation', PEOPLE_WIDTHS);
    await picture('accounts', 'Accounts');
    await page.close();
  } finally {
    await people.stop();
  }
}

/** Whole events, as the demo campaign's. */
const work = {
  ...{ units: 100, eventsPerUnit: 20_000, blockEvents: 1000 },
  parameters: { stages: ['corrections', 'shower', 'hadronisation', 'decays'] },
};
const world = await World.start({ past: { units: 900, days: 45 }, joined: true, work });
try {
  await rm(TARGET, { recursive: true, force: true });
  await mkdir(TARGET, { recursive: true });
  const { page } = await world.open();
  // Something to see: a histogram that has begun to fill; on a busy machine that takes its time.
  for (let i = 0; i < 600 && ((await world.state()).filled?.events ?? 0) < 20_000; i += 1) await delay(200);
  await takePages(page);
  await page.close();
  await takeStates(world);
  await takeProject(world.browser);
  await takePeople(world.browser);
  if (only.length === 0) {
    await mkdir(CHOSEN_FOLDER, { recursive: true });
    for (const file of CHOSEN)
      await copyFile(join(TARGET, `${file}.png`), join(CHOSEN_FOLDER, `${file}.png`));
  }
} finally {
  await world.stop();
}
