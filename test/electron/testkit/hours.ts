import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CDPSession, Page } from 'playwright-core';
import { engineFiles } from '../../../engine/filenames.ts';
import { BEAT_MS } from '../../../engine/state.ts';
import { FINISHED_KEPT } from '../../../protocol/engine-api.ts';
import { type PageEngine, startPageEngine } from '../../../renderer/testkit/engine.ts';
import { busyState, finishedUnit, runningUnit } from '../../../renderer/testkit/states.ts';
import { App, newHome } from './app.ts';
import type { Desktop } from './desktop.ts';

/** What is held, after all that nothing holds was collected. */
export interface Held {
  readonly pageHeapMb: number;
  readonly pageNodes: number;
  readonly pageListeners: number;
  readonly mainHeapMb: number;
  readonly handles: number;
}

const UNIT_BEATS = 7;

/**
 * The app with its window open beside an engine that computes, in time that is compressed: the engine's store and API
 * are the real ones with a beat thirty times as quick, what it tells is made up, and the page's clock is turned on by a
 * whole beat each time, so that its timers and its minutes of history pass as well.
 */
export class Hours {
  readonly app: App;
  readonly #page: Page;
  readonly #engine: PageEngine;
  readonly #inspector: CDPSession;
  readonly #removeHome: () => Promise<void>;
  #beats = 0;

  private constructor(
    parts: { app: App; page: Page; engine: PageEngine; inspector: CDPSession },
    removeHome: () => Promise<void>,
  ) {
    this.app = parts.app;
    this.#page = parts.page;
    this.#engine = parts.engine;
    this.#inspector = parts.inspector;
    this.#removeHome = removeHome;
  }

  static async start(desktop: Desktop): Promise<Hours> {
    const home = await newHome();
    const files = engineFiles(join(home.path, 'data', 'engine'));
    await mkdir(files.dataFolder, { recursive: true });
    const engine = await startPageEngine(busyState(), undefined, files.endpoint);
    const app = await App.start({ desktop, home: home.path });
    const page = await app.window();
    await page.clock.install();
    await page.reload();
    await page.getByRole('heading', { name: '6 of 8 cores' }).waitFor();
    const inspector = await page.context().newCDPSession(page);
    await inspector.send('Performance.enable');
    return new Hours({ app, page, engine, inspector }, home.remove);
  }

  /** So much of the engine's time passes, and is seen in the window. */
  async pass(minutes: number): Promise<void> {
    const until = this.#beats + Math.round((minutes * 60_000) / BEAT_MS);
    while (this.#beats < until) await this.#beat();
  }

  async held(): Promise<Held> {
    await this.#inspector.send('HeapProfiler.collectGarbage');
    const { metrics } = await this.#inspector.send('Performance.getMetrics');
    const metric = (name: string) => metrics.find((one) => one.name === name)?.value ?? Number.NaN;
    await this.app.collectGarbage();
    const main = await this.app.electron.evaluate(() => ({
      heap: process.memoryUsage().heapUsed,
      handles: (process as unknown as { getActiveResourcesInfo(): string[] }).getActiveResourcesInfo().length,
    }));
    return {
      pageHeapMb: metric('JSHeapUsedSize') / 1e6,
      pageNodes: metric('Nodes'),
      pageListeners: metric('JSEventListeners'),
      mainHeapMb: main.heap / 1e6,
      handles: main.handles,
    };
  }

  async end(): Promise<void> {
    await this.app.end();
    await this.#engine.close();
    await this.#removeHome();
  }

  async #beat(): Promise<void> {
    const beat = ++this.#beats;
    const { store } = this.#engine;
    store.update('cores', (now) => now.map((core) => ({ ...core, ours: (beat % 10) / 10 })));
    store.update('running', (now) => now.map((unit) => ({ ...unit, done: unit.done + 1000 * beat })));
    store.update('filled', (now) => {
      const counts = Object.entries(now?.counts ?? {}).map(([name, bins]) => [
        name,
        bins.map((n) => n + beat),
      ]);
      return now && { ...now, events: now.events + 1000, counts: Object.fromEntries(counts) };
    });
    store.update('lastEvent', (now) => now && { ...now, event: now.event + 1 });
    if (beat % UNIT_BEATS === 0) this.#nextUnit(beat);
    const rate = 1000 + beat;
    store.update('contribution', (now) => ({ ...now, eventsPerSecond: rate, eventsComputed: beat }));
    const seen = this.#page.getByText(rate.toLocaleString('en-GB'), { exact: true });
    // Where the news comes after the page has drawn, it is drawn on its next beat: that is not waited for in true time.
    for (let tries = 0; tries < 500; tries++) {
      await this.#page.clock.runFor(BEAT_MS);
      if (await seen.isVisible()) return;
    }
    throw new Error(`beat ${beat} is not seen in the window`);
  }

  /** One is done, another begins; now and then the person comes and goes. */
  #nextUnit(beat: number): void {
    const { store } = this.#engine;
    const leaseId = `l-${beat}`;
    store.update('finished', (now) => [...now, finishedUnit({ leaseId })].slice(-FINISHED_KEPT));
    store.update('running', (now) => [...now.slice(1), runningUnit({ unitId: leaseId, startedAt: null })]);
    const cores = (beat / UNIT_BEATS) % 3;
    store.update('status', (now) => ({
      ...now,
      cause: { code: 'load', values: { cores, busyWith: null } },
    }));
  }
}
