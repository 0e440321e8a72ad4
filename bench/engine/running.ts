import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { pushDemo } from '../../cli/demo/campaign.ts';
import { type Part, startPart } from '../../cli/demo/part.ts';
import { engineFiles } from '../../engine/filenames.ts';
import { EngineEndpoint, EngineState } from '../../protocol/engine-api.ts';
import { ServerEndpoint } from '../../protocol/staff-api.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** An engine as a volunteer runs it, a process of its own, and its local API. */
export class BenchEngine {
  readonly #part: Part<EngineEndpoint>;

  constructor(part: Part<EngineEndpoint>) {
    this.#part = part;
  }

  get pid(): number {
    return this.#part.pid;
  }

  async ask(method: string, path: string, body?: unknown): Promise<Response> {
    const { url, token } = this.#part.endpoint;
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }

  async state(): Promise<EngineState> {
    return EngineState.parse(await (await this.ask('GET', '/state')).json());
  }

  /** Waits until every core computes. @throws Error where that does not come about within the time */
  async computing(withinMs: number): Promise<void> {
    let state = await this.state();
    for (const until = Date.now() + withinMs; Date.now() < until; state = await this.state()) {
      const running = state.running.filter((unit) => unit.state === 'running' && unit.done > 0);
      if (running.length >= state.status.cores) return;
      await delay(100);
    }
    throw new Error(
      `the engine does not compute on all cores: "${state.status.reason}"; is the machine quiet?`,
    );
  }
}

/**
 * A project server with the demo campaign (work units of about 20 s), and an engine; both end with the body.
 * @param options joins: false: an engine that has nothing to do
 */
export async function withEngine<T>(
  options: { joins: boolean; capsule?: 'wasm' | 'qemu' },
  body: (engine: BenchEngine) => Promise<T>,
): Promise<T> {
  const data = await mkdtemp(join(tmpdir(), 'beamtime-bench-'));
  const signal = new AbortController().signal;
  const parts: { stop(): Promise<void> }[] = [];
  try {
    const join_: string[] = [];
    if (options.joins) {
      const serverData = join(data, 'project');
      const server = await startPart({
        name: 'project server',
        args: ['server', '--data', serverData],
        endpoint: join(serverData, 'endpoint.json'),
        parse: (text) => ServerEndpoint.parse(JSON.parse(text)),
        signal,
      });
      parts.push(server);
      const { url, staffToken } = server.endpoint;
      join_.push('--join', await pushDemo({ root, url, staffToken, unitsNeeded: null, say: () => {} }));
    }
    const engineData = join(data, 'engine');
    const engine = await startPart({
      name: 'engine',
      args: [
        ...['engine', '--data', engineData, '--renderer', join(root, 'build/renderer'), ...join_],
        ...(options.capsule ? ['--capsule', options.capsule] : []),
      ],
      endpoint: engineFiles(engineData).endpoint,
      parse: (text) => EngineEndpoint.parse(JSON.parse(text)),
      signal,
    });
    parts.push(engine);
    return await body(new BenchEngine(engine));
  } finally {
    for (const part of parts.reverse()) await part.stop();
    await rm(data, { recursive: true, force: true, maxRetries: 5 });
  }
}
