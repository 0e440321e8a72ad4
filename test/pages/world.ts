import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { saveCalibrations } from '../../engine/calibration/record.ts';
import { type RunningEngine, startEngine } from '../../engine/engine.ts';
import { engineFiles } from '../../engine/filenames.ts';
import { type CampaignSize, TestProject } from '../../engine/testkit/real-project.ts';
import { makeLogger } from '../../platform/log.ts';
import { EngineState } from '../../protocol/engine-api.ts';
import { ProjectInfo } from '../../protocol/project-api.ts';
import { buildRenderer } from '../../renderer/build.ts';
import { launchChromium, openPage, type WatchedPage } from '../../renderer/testkit/browser.ts';
import { root } from '../testkit/command.ts';
import { type Past, seedHistory } from './seed.ts';

/** A real project with a real campaign, a real engine that serves the built page, and a browser. */
export class World {
  readonly project: TestProject;
  readonly browser: Browser;
  readonly invitation: string;
  readonly #folder: string;
  #engine: RunningEngine;

  private constructor(project: TestProject, engine: RunningEngine, folder: string, browser: Browser) {
    this.project = project;
    this.browser = browser;
    this.invitation = project.server.invitation;
    this.#engine = engine;
    this.#folder = folder;
  }

  /**
   * @param options.past units that this engine is said to have computed before
   * @param options.notMeasured a capsule that an application's measurement is said to have failed in just now, and why
   * @param options.work what its work units are like; else leading order, half a million events a block
   */
  static async start(
    options: {
      past?: { units: number; days: number };
      notMeasured?: { capsule: string; why: string };
      joined?: boolean;
      work?: CampaignSize;
    } = {},
  ): Promise<World> {
    await buildRenderer();
    const project = await TestProject.start(
      options.work ?? { units: 400, eventsPerUnit: 2_000_000, blockEvents: 500_000 },
    );
    const folder = await mkdtemp(join(tmpdir(), 'bt-page-'));
    if (options.past) {
      const info = ProjectInfo.parse(await (await fetch(`${project.server.url}/api/v1/project`)).json());
      const { id, title } = await project.campaign();
      const past: Past = {
        ...options.past,
        project: { key: info.keyFingerprint, name: info.name },
        campaigns: [
          { id, title },
          { id: 'an-earlier-one', title: 'Jets at 44 GeV' },
        ],
      };
      seedHistory(engineFiles(folder).history, past);
    }
    if (options.notMeasured) {
      const { capsule, why } = options.notMeasured;
      const measured = { application: 'evgen', version: '0.1.0', key: '', eventsPerSecond: { wasm: 3e6 } };
      const one = { ...measured, failed: { [capsule]: why }, measuredAtMs: Date.now() };
      await saveCalibrations(engineFiles(folder).machine, [one]);
    }
    const engine = await startEngine({
      dataFolder: folder,
      port: 0,
      rendererFolder: join(root, 'build/renderer'),
      log: makeLogger('engine', join(folder, 'engine.log')),
      insist: true,
      capsule: 'wasm',
      invitation: options.joined ? project.server.invitation : null,
    });
    return new World(project, engine, folder, await launchChromium());
  }

  get pageUrl(): string {
    return `${this.#engine.url}/#token=${this.#engine.token}`;
  }

  async open(options: BrowserContextOptions = {}): Promise<WatchedPage> {
    const watched = await openPage(this.browser, {
      viewport: { width: 1440, height: 900 },
      reducedMotion: 'reduce',
      locale: 'en-GB',
      ...options,
    });
    await watched.page.goto(this.pageUrl);
    await watched.page.locator('h1').first().waitFor();
    return watched;
  }

  async state(): Promise<EngineState> {
    const { url, token } = this.#engine;
    const answer = await fetch(`${url}/api/v1/state`, { headers: { authorization: `Bearer ${token}` } });
    return EngineState.parse(await answer.json());
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.#engine.close();
    await this.project.remove();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
