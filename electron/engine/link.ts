import { type IncomingMessage, request } from 'node:http';
import { createParser } from 'eventsource-parser';
import type { PowerReport } from '../../protocol/engine-api.ts';
import type { Preferences } from '../../protocol/preferences.ts';
import { API_PREFIX } from '../../protocol/project-api.ts';
import { type EngineView, isShown, NOTHING_KNOWN, ONLY, viewAfter } from './view.ts';

export interface Address {
  readonly url: string;
  readonly token: string;
}

/** An answer that is no success, in the engine's own words where it gave some. */
export class EngineRefused extends Error {
  override readonly name = 'EngineRefused';
}

const ANSWER_WITHIN_MS = 5000;
const AGAIN_AFTER_MS = [300, 1000, 3000, 5000];
/** The engine says something at least every 15 s. */
const SILENCE_MS = 45_000;

/** The shell's own line to the engine: follows what it shows, and asks for what the menu offers. */
export class EngineLink {
  readonly #onView: (view: EngineView) => void;
  #address: Address | null = null;
  #view: EngineView = NOTHING_KNOWN;
  #stream: IncomingMessage | null = null;
  #again: NodeJS.Timeout | null = null;
  #failures = 0;
  #generation = 0;

  constructor(onView: (view: EngineView) => void) {
    this.#onView = onView;
  }

  get address(): Address | null {
    return this.#address;
  }

  get view(): EngineView {
    return this.#view;
  }

  /** @param address null: there is no engine now */
  follow(address: Address | null): void {
    if (address?.url === this.#address?.url && address?.token === this.#address?.token) return;
    this.#address = address;
    this.#generation += 1;
    this.#failures = 0;
    this.#stream?.destroy();
    if (this.#again) clearTimeout(this.#again);
    this.#show(NOTHING_KNOWN);
    if (address) this.#connect();
  }

  pause(forSeconds: number | null): Promise<void> {
    return this.#ask('POST', '/pause', { forSeconds });
  }

  resume(): Promise<void> {
    return this.#ask('POST', '/resume', {});
  }

  setPreferences(preferences: Preferences): Promise<void> {
    return this.#ask('PUT', '/preferences', preferences);
  }

  power(report: PowerReport): Promise<void> {
    return this.#ask('POST', '/power', report);
  }

  stop(finish: boolean): Promise<void> {
    return this.#ask('POST', '/stop', { finish });
  }

  #show(view: EngineView): void {
    this.#view = view;
    this.#onView(view);
  }

  #connect(): void {
    const address = this.#address;
    if (!address) return;
    const generation = this.#generation;
    const isCurrent = () => generation === this.#generation;
    const lost = () => {
      if (!isCurrent()) return;
      this.#generation += 1;
      this.#show(NOTHING_KNOWN);
      const wait = AGAIN_AFTER_MS[Math.min(this.#failures++, AGAIN_AFTER_MS.length - 1)];
      this.#again = setTimeout(() => this.#connect(), wait);
    };
    const parser = createParser({
      onEvent: ({ event, data }) => {
        if (!isCurrent() || event === undefined || !isShown(event)) return;
        this.#failures = 0;
        this.#show(viewAfter(this.#view, event, JSON.parse(data)));
      },
    });
    const asking = request(
      `${address.url}${API_PREFIX}/events?only=${ONLY}`,
      { headers: head(address) },
      (stream) => {
        if (stream.statusCode !== 200) {
          stream.resume();
          lost();
          return;
        }
        this.#stream = stream;
        stream.setEncoding('utf8');
        stream.on('data', (chunk: string) => {
          try {
            parser.feed(chunk);
          } catch {
            stream.destroy(); // no JSON: not an engine, or one gone wrong
          }
        });
        stream.on('close', lost);
        stream.on('error', lost);
      },
    );
    asking.setTimeout(SILENCE_MS, () => asking.destroy());
    asking.on('error', lost);
    asking.end();
  }

  #ask(method: string, path: string, body: unknown): Promise<void> {
    const address = this.#address;
    if (!address) return Promise.reject(new EngineRefused('there is no engine to ask'));
    const text = JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const headers = { ...head(address), 'content-type': 'application/json' };
      const asking = request(`${address.url}${API_PREFIX}${path}`, { method, headers }, (answer) => {
        let said = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          said += chunk;
        });
        answer.on('end', () => {
          const status = answer.statusCode ?? 0;
          if (status >= 200 && status < 300) resolve();
          else reject(new EngineRefused(`${method} ${path}: ${status} ${said.slice(0, 300)}`));
        });
        answer.on('error', reject);
      });
      asking.setTimeout(ANSWER_WITHIN_MS, () =>
        asking.destroy(new EngineRefused('the engine does not answer')),
      );
      asking.on('error', reject);
      asking.end(text);
    });
  }
}

function head({ token }: Address) {
  return { authorization: `Bearer ${token}` };
}
