/**
 * `npm run screenshots`: every page at every size in both schemes, of a real engine at work, into build/screenshots;
 * the few that README and docs show into docs/screenshots.
 */
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { root } from '../testkit/command.ts';
import { NAMES, SCHEMES, show, WIDTHS } from './pages.ts';
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
];
/** Of this height at least; the picture is of the whole page. */
const HEIGHTS: Readonly<Record<number, number>> = { 360: 740, 800: 1000, 1440: 900, 3840: 2160 };

const only = process.argv.slice(2);
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
  // Something to see: a histogram that has begun to fill.
  for (let i = 0; i < 100 && ((await world.state()).filled?.events ?? 0) < 20_000; i += 1) await delay(200);
  for (const name of NAMES) {
    await show(page, name);
    await delay(600);
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: HEIGHTS[width] ?? 900 });
      for (const scheme of SCHEMES) {
        const file = `${name}-${width}-${scheme}`;
        if (only.length > 0 && !only.some((part) => file.includes(part))) continue;
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
  if (only.length === 0) {
    await mkdir(CHOSEN_FOLDER, { recursive: true });
    for (const file of CHOSEN)
      await copyFile(join(TARGET, `${file}.png`), join(CHOSEN_FOLDER, `${file}.png`));
  }
} finally {
  await world.stop();
}
