import type { StatusCause } from '../../protocol/engine-api.ts';
import type { Moment, Pause } from './situation.ts';

/** Why no more slots than this. Turned into words in one place, so that they read alike everywhere. */
export type Cause =
  | { readonly kind: 'free' }
  | { readonly kind: 'limit' }
  | { readonly kind: 'full screen' }
  | { readonly kind: 'memory' }
  | { readonly kind: 'paused'; readonly minutesLeft: number | null }
  | { readonly kind: 'schedule'; readonly opens: string | null }
  | { readonly kind: 'load'; readonly cores: number; readonly busyWith: string | null }
  | { readonly kind: 'person'; readonly sure: boolean }
  | { readonly kind: 'battery'; readonly percent: number | null }
  | { readonly kind: 'heat'; readonly celsius: number | null }
  | { readonly kind: 'program'; readonly name: string }
  | { readonly kind: 'suspended' };

export const loadReason = (cores: number, busyWith: string | null): Cause => ({
  kind: 'load',
  cores,
  busyWith,
});
export const batteryReason = (percent: number | null): Cause => ({ kind: 'battery', percent });
/** Rounded to 5 degrees: the reason must not change with every reading. */
export const heatReason = (celsius: number | null): Cause => ({
  kind: 'heat',
  celsius: celsius === null ? null : Math.round(celsius / 5) * 5,
});
export const pauseReason = (pause: Pause, now: Moment): Cause => {
  const left = [
    pause.untilWallMs === null ? null : pause.untilWallMs - now.wallMs,
    pause.untilMonotonicMs === null ? null : pause.untilMonotonicMs - now.monotonicMs,
  ].filter((ms) => ms !== null);
  return { kind: 'paused', minutesLeft: left.length === 0 ? null : Math.ceil(Math.min(...left) / 60_000) };
};

/** For programs that say it in another language. */
export function statusCause({ kind, ...values }: Cause): StatusCause {
  if (kind === 'full screen') return { code: 'full-screen', values: {} };
  const plain = Object.entries(values).map(([name, value]) => [name, value === true ? 1 : value || null]);
  return { code: kind, values: Object.fromEntries(plain) };
}

/** "1 of 2 cores: you are compiling", "Waiting: the computer runs on battery". */
export function sentence(slots: number, cores: number, cause: Cause): string {
  if (cause.kind === 'paused') return `Paused by you${pauseWords(cause.minutesLeft)}`;
  if (cause.kind === 'free') return cores === 1 ? 'The one core is spare' : `All ${cores} cores are spare`;
  const head = slots === 0 ? 'Waiting' : `${slots} of ${cores} cores`;
  return `${head}: ${words(cause, slots)}`;
}

function words(cause: Exclude<Cause, { kind: 'paused' | 'free' }>, slots: number): string {
  switch (cause.kind) {
    case 'limit':
      return slots === 0 ? 'your settings allow no core' : 'your settings allow no more';
    case 'schedule':
      return cause.opens ? `outside your hours, goes on ${cause.opens}` : 'outside your hours';
    case 'full screen':
      return 'a program fills the screen (a film, a game or a talk)';
    case 'load':
      return cause.busyWith ?? `other programs use ${plural(cause.cores, 'core')}`;
    case 'person':
      return cause.sure ? 'you are using the computer' : 'kept free in case you are using the computer';
    case 'battery':
      return cause.percent === null
        ? 'the computer runs on battery'
        : `the battery is low (${Math.round(cause.percent)} %)`;
    case 'heat':
      return cause.celsius === null
        ? 'the processor is hot'
        : `the processor is hot (about ${cause.celsius} °C)`;
    case 'memory':
      return 'memory is short';
    case 'program':
      return `${cause.name} is running, during which you want nothing computed`;
    case 'suspended':
      return 'the computer is going to sleep';
  }
}

function pauseWords(minutes: number | null): string {
  if (minutes === null) return ' until you resume';
  if (minutes <= 90) return ` for another ${plural(minutes, 'minute')}`;
  return ` for another ${plural(Math.round(minutes / 60), 'hour')}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
