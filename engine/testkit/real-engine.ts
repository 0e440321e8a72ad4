import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { makeLogger } from '../../platform/log.ts';
import type { EngineState } from '../../protocol/engine-api.ts';
import { type EngineOptions, type RunningEngine, startEngine } from '../engine.ts';

/** How long a condition may take on a machine that other tests keep busy. */
export const WITHIN = { timeout: 90_000, interval: 400 };

/**
 * An engine of this process in a folder of its own, used as its clients do: over HTTP. Its state alone is looked at here:
 * to ask for it again and again until it is as wished would take a tenth of the processor's time that its tests take.
 */
export class TestEngine {
  readonly folder: string;
  readonly #options: Partial<EngineOptions>;
  #running: RunningEngine | null = null;

  private constructor(folder: string, options: Partial<EngineOptions>) {
    this.folder = folder;
    this.#options = options;
  }

  static async start(options: Partial<EngineOptions> = {}): Promise<TestEngine> {
    const folder = options.dataFolder ?? (await mkdtemp(join(tmpdir(), 'beamtime-engine-')));
    const engine = new TestEngine(folder, options);
    await engine.start();
    return engine;
  }

  async start(): Promise<void> {
    this.#running = await startEngine({
      dataFolder: this.folder,
      port: 0,
      rendererFolder: null,
      log: makeLogger('engine', join(this.folder, 'engine.log')),
      insist: true,
      capsule: 'wasm',
      ...this.#options,
    });
  }

  get running(): RunningEngine {
    if (!this.#running) throw new Error('the engine does not run');
    return this.#running;
  }

  async ask(method: string, path: string, body?: unknown): Promise<{ status: number; json: unknown }> {
    const { url, token } = this.running;
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, json: text === '' ? null : JSON.parse(text) };
  }

  state(): EngineState {
    return this.running.state();
  }

  /** Waits until the state is as wished. */
  async until(wish: (state: EngineState) => boolean, options = WITHIN): Promise<EngineState> {
    let state = this.state();
    await expect
      .poll(() => {
        state = this.state();
        return wish(state);
      }, options)
      .toBe(true);
    return state;
  }

  log(): Promise<string> {
    return readFile(join(this.folder, 'engine.log'), 'utf8');
  }

  async stop(): Promise<void> {
    await this.#running?.close();
    this.#running = null;
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
