import { setTimeout as delay } from 'node:timers/promises';
import { type EngineEndpoint, EngineState, type FinishedUnit } from '../../protocol/engine-api.ts';
import { DemoError } from './part.ts';

/** What `npm start -- --work-units N --json` prints: all measured in this run, or on this machine for bootMs. */
export interface WorkUnitFigures {
  readonly capsule: string;
  readonly accelerator: string | null;
  /** Cold boot of the appliance when its snapshot was made; null for a capsule that boots nothing. */
  readonly bootMs: number | null;
  /** Medians over the units. */
  readonly restoreMs: number | null;
  readonly firstEventMs: number | null;
  readonly workUnits: readonly {
    readonly id: string;
    readonly events: number;
    readonly seconds: number;
    readonly validated: boolean;
    readonly outputHash: string | null;
  }[];
  /** All slots together: events over the time from the first unit's start to the last one's end. */
  readonly eventsPerSecond: number;
  /** In credits: seconds of the reference core (docs/credit.md). */
  readonly credit: number;
}

const LOOK_EVERY_MS = 250;

/** Follows the engine until the project has judged `wanted` units. */
export async function runWorkUnits(options: {
  endpoint: EngineEndpoint;
  wanted: number;
  ended: Promise<string>;
  signal: AbortSignal;
  say: (line: string) => void;
}): Promise<WorkUnitFigures> {
  let gone: string | null = null;
  void options.ended.then((how) => {
    gone = how;
  });
  let lastSaid = '';
  let earlier: ReadonlySet<string> | null = null;
  for (;;) {
    if (options.signal.aborted) throw new DemoError('stopped before all work units were validated');
    if (gone !== null) throw new DemoError(`the engine ended by itself (${gone})`);
    const state = await readState(options.endpoint);
    // What the history tells of earlier runs is not of this one.
    const isJudged = (unit: FinishedUnit) => !['unreported', 'pending'].includes(unit.verdict);
    earlier ??= new Set(state.finished.filter(isJudged).map((unit) => unit.leaseId));
    const judged = state.finished.filter((unit) => isJudged(unit) && !earlier?.has(unit.leaseId));
    const line = describe(state, judged.length, options.wanted);
    if (line !== lastSaid) options.say(line);
    lastSaid = line;
    if (judged.length >= options.wanted) return figuresOf(judged.slice(0, options.wanted));
    await delay(LOOK_EVERY_MS);
  }
}

async function readState(endpoint: EngineEndpoint): Promise<EngineState> {
  const answer = await fetch(`${endpoint.url}/api/v1/state`, {
    headers: { authorization: `Bearer ${endpoint.token}` },
    signal: AbortSignal.timeout(30_000),
  });
  if (!answer.ok) throw new DemoError(`the engine's local API answered ${answer.status}`);
  return EngineState.parse(await answer.json());
}

function describe(state: EngineState, judged: number, wanted: number): string {
  const running = state.running.map(
    (unit) =>
      `${unit.capsule} ${unit.state} ${Math.floor((10 * unit.done) / Math.max(1, unit.total)) * 10} %`,
  );
  return [`${judged} of ${wanted} validated`, state.status.reason, ...running].join(' | ');
}

/** Pure: the figures of judged units. */
export function figuresOf(units: readonly FinishedUnit[]): WorkUnitFigures {
  const median = (values: (number | null)[]) => {
    const known = values.filter((value) => value !== null).sort((a, b) => a - b);
    return known[Math.floor(known.length / 2)] ?? null;
  };
  const ends = units.map((unit) => Date.parse(unit.finishedAt));
  const starts = units.map((unit, i) => (ends[i] ?? 0) - unit.seconds * 1000);
  const spanSeconds = (Math.max(...ends) - Math.min(...starts)) / 1000;
  const events = units.reduce((sum, unit) => sum + unit.events, 0);
  return {
    capsule: [...new Set(units.map((unit) => unit.capsule))].join('+'),
    accelerator: units.find((unit) => unit.accelerator !== null)?.accelerator ?? null,
    bootMs: median(units.map((unit) => unit.bootMs)),
    restoreMs: median(units.map((unit) => unit.restoreMs)),
    firstEventMs: median(units.map((unit) => unit.firstEventMs)),
    workUnits: units.map((unit) => ({
      id: unit.unitId,
      events: unit.events,
      seconds: unit.seconds,
      validated: unit.verdict === 'valid',
      outputHash: unit.outputHash,
    })),
    eventsPerSecond: spanSeconds > 0 ? events / spanSeconds : 0,
    credit: units.reduce((sum, unit) => sum + unit.creditMicroseconds, 0) / 1e6,
  };
}
