import type { DoctorCheck, FinishedUnit, RunningUnit, StatusView } from '../../../protocol/engine-api.ts';
import { foreign, TEXT_LENGTH } from '../../shared/foreign.ts';
import { clockHour, count, duration, roughly, unit, weekday } from '../../shared/format.ts';
import { has, t, tn } from './index.ts';

/**
 * The engine says things in codes and in English words. Here codes become sentences of the page's language; words that
 * we know by heart are translated too, and words of others stay as they are.
 */
export function statusSentence(status: StatusView): string {
  const { code } = status.cause;
  const clause = causeClause(status);
  if (FULL_SENTENCES.has(code)) return clause;
  if (status.slots === 0) return t('status.waiting', { why: clause });
  return t('status.cores', { slots: status.slots, cores: status.cores, why: clause });
}

/** Causes that are a sentence of their own; the others say why there are only so many cores. */
const FULL_SENTENCES: ReadonlySet<string> = new Set([
  ...[
    'free',
    'paused',
    'stopping',
    'finishing',
    'no-project',
    'disk',
    'no-capsule',
    'measuring',
    'preparing',
  ],
  ...['offline', 'allowance-used', 'no-work', 'metered', 'asking', 'suspended'],
]);

function causeClause({ cause, cores }: StatusView): string {
  const { code, values } = cause;
  const number = (name: string) => (typeof values[name] === 'number' ? values[name] : null);
  const text = (name: string) => (typeof values[name] === 'string' ? foreign(values[name], TEXT_LENGTH) : '');
  switch (code) {
    case 'free':
      return tn('cause.free', cores);
    case 'load':
      return text('busyWith') ? busyWith(text('busyWith')) : tn('cause.load', number('cores') ?? 1);
    case 'person':
      return t(number('sure') === 0 ? 'cause.perhapsPerson' : 'cause.person');
    case 'battery': {
      const percent = number('percent');
      return percent === null
        ? t('cause.battery')
        : t('cause.batteryLow', { percent: unit(percent, 'percent') });
    }
    case 'heat': {
      const celsius = number('celsius');
      return celsius === null ? t('cause.heat') : t('cause.heatAt', { celsius: unit(celsius, 'celsius') });
    }
    case 'schedule':
      return text('opens')
        ? t('cause.scheduleUntil', { opens: opening(text('opens')) })
        : t('cause.schedule');
    case 'paused': {
      const minutes = number('minutesLeft');
      if (minutes === null) return t('cause.paused');
      return minutes <= 90
        ? t('cause.pausedFor', { time: unit(minutes, 'minute') })
        : t('cause.pausedFor', { time: unit(Math.round(minutes / 60), 'hour') });
    }
    case 'program':
      return t('cause.program', { name: text('name') });
    case 'disk':
      if (has(`disk.${text('why')}`)) return t(`disk.${text('why')}`);
      return text('message') ? t('cause.disk', { message: text('message') }) : t('cause.diskPlain');
    case 'no-capsule':
    case 'offline':
    case 'no-work':
      return text('message') ? t(`cause.${code}`, { message: text('message') }) : t(`cause.${code}Plain`);
    default:
      return t(`cause.${code}`);
  }
}

/** What engine/cores says of the busiest program, by our names for it. */
const BUSY: Readonly<Record<string, string>> = {
  'you are compiling': 'compiling',
  'you are in a call': 'call',
  'the browser is busy': 'browser',
  'pictures or video are being worked on': 'video',
  'the system is being updated': 'update',
  'files are being copied or packed': 'files',
  'a game is running': 'game',
  'a document is being worked on': 'document',
  'another volunteer-computing program is running': 'volunteer',
};
function busyWith(words: string): string {
  const known = BUSY[words];
  if (known) return t(`busy.${known}`);
  const program = /^(.*) is busy$/.exec(words)?.[1];
  return program ? t('busy.program', { program }) : words;
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
function opening(words: string): string {
  const [, when, day, hour, minute] = /^(today|tomorrow|on (\w+)) at (\d\d):(\d\d)$/.exec(words) ?? [];
  if (when === undefined || hour === undefined) return words;
  const time = minute === '00' ? clockHour(Number(hour)) : `${hour}:${minute}`;
  if (when === 'today') return t('opens.today', { time });
  if (when === 'tomorrow') return t('opens.tomorrow', { time });
  return t('opens.day', { day: weekday(DAYS.indexOf(day ?? ''), 'long'), time });
}

/** How long a unit still takes, or what it does instead of computing. */
export function unitProgress(unit: RunningUnit): string {
  if (unit.state !== 'running') return t(`unit.${unit.state}`);
  if (unit.secondsLeft === null) return t('unit.unknownLeft');
  const left = roughly(unit.secondsLeft);
  return left === null ? t('unit.secondsLeft') : t('unit.left', { time: left });
}

export const VERDICT_TONES: Readonly<Record<FinishedUnit['verdict'], '' | 'good' | 'warn' | 'bad'>> = {
  unreported: '',
  pending: '',
  valid: 'good',
  invalid: 'bad',
  failed: 'bad',
  late: 'warn',
  lost: 'warn',
};

/** What a check found, in the page's language; where an older or newer engine says it in no code we know, in its English. */
export function checkDetail({ findings, detail }: DoctorCheck): Words {
  return saidIn((code) => `finding.${code}`, findings, '; ') ?? { text: detail, language: 'en' };
}

/** What it advises; null: nothing needs doing. */
export function checkAdvice({ advice, remedy }: DoctorCheck): Words | null {
  return (
    saidIn((code) => `advice.${code}`, advice, ' ') ??
    (remedy === null ? null : { text: remedy, language: 'en' })
  );
}

export interface Words {
  readonly text: string;
  /** Where it is not the page's. */
  readonly language?: string;
}

function saidIn(
  keyOf: (code: string) => string,
  said: DoctorCheck['findings'],
  between: string,
): Words | null {
  if (said.length === 0 || said.some(({ code }) => !has(keyOf(code)))) return null;
  const sentences = said.map(({ code, values }) => {
    const shown = Object.entries(values).map(([name, value]) => [name, checkValue(name, value)]);
    return t(keyOf(code), Object.fromEntries(shown));
  });
  return { text: sentences.join(between) };
}

function checkValue(name: string, value: string | number): string {
  if (name === 'kind') return capsuleName(String(value));
  if (typeof value === 'string') return foreign(value, TEXT_LENGTH);
  if (name === 'seconds') return duration(value);
  return name.endsWith('Mb') ? unit(value, 'megabyte') : count(value);
}

/** A capsule's kind for people; one this page does not know goes by its own name. */
export function capsuleName(kind: string): string {
  return has(`capsule.${kind}`) ? t(`capsule.${kind}`) : foreign(kind);
}
