import { z } from 'zod';
import { Count, Moment, OutputFile, Sha256 } from '../../protocol/primitives.ts';
import { ResultVerdict } from '../../protocol/project-api.ts';

/**
 * The life of one work unit on this host.
 *
 * A lease arrives and the unit is `leased`. The engine fetches the release and its programs (`fetching`); when they
 * are verified on disk the unit is `ready`. A slot takes it (`running`). When the program has exited well and its
 * outputs are hashed and durable it is `finished`; from here on its result never changes, only travels: `uploading`
 * file by file, then `reported`, when the project has acknowledged the report. A unit whose program fails, in a
 * second capsule too where there is one, is `failed`; that report travels the same way, without files. Both
 * end `decided` when the project's verdict is final; the folder is removed once the verdict stands in the history.
 *
 * What is not finished can be `abandoned`: given back by us (deadline passed, no capsule for it, the person
 * left), or unknown to the server. A finished result is abandoned only when the server refuses it for good.
 *
 * After a crash what was in the air falls back to the last firm ground: fetching to leased, running to ready
 * (the same card gives the same bytes), uploading to finished. Hiccups of this host (driver lost, disk full,
 * object evicted) take the same ways back and never fail a unit.
 *
 *     leased <-> fetching -> ready <-> running -> finished <-> uploading -> reported -> decided
 *        any of the first four -> abandoned        running -> failed ------> reported
 *
 * Only these words are in state.json; transition() is the one place that changes them.
 */

/** How a run that did not finish ended, kept to choose the next capsule and to tell staff. */
export const Attempt = z.strictObject({
  capsule: z.string(),
  reason: z.string(),
  exitStatus: z.number().int().nullable(),
  consoleTail: z.string(),
});
export type Attempt = z.infer<typeof Attempt>;

/** What was measured of a run: FinishedUnit's fields. */
export const Measures = z.strictObject({
  capsule: z.string(),
  accelerator: z.string().nullable(),
  bootMs: z.number().nullable(),
  restoreMs: z.number().nullable(),
  firstEventMs: z.number().nullable(),
  seconds: z.number().min(0),
  cpuSeconds: z.number().min(0),
  finishedAt: Moment,
});
export type Measures = z.infer<typeof Measures>;

/** What is told to the project, fixed before it is first sent so that no two reports can differ. */
export const Outcome = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('outputs'), outputHash: Sha256, files: z.array(OutputFile).min(1) }),
  z.strictObject({ kind: z.literal('failure'), ...Attempt.omit({ capsule: true }).shape }),
]);
export type Outcome = z.infer<typeof Outcome>;

const history = {
  /** Runs the program or its capsule broke; never those this host broke. */
  attempts: z.array(Attempt),
  /** Runs that ended with the engine or by its wish; a unit that has cost many waits behind others. */
  interruptions: Count,
};
const ended = { ...history, measures: Measures };

export const UnitState = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('leased'), ...history }),
  z.strictObject({ state: z.literal('fetching'), ...history }),
  z.strictObject({ state: z.literal('ready'), ...history }),
  z.strictObject({ state: z.literal('running'), ...history, capsule: z.string() }),
  z.strictObject({ state: z.literal('finished'), ...ended, outcome: Outcome }),
  z.strictObject({ state: z.literal('uploading'), ...ended, outcome: Outcome }),
  z.strictObject({ state: z.literal('failed'), ...ended, outcome: Outcome }),
  z.strictObject({ state: z.literal('reported'), ...ended, outcome: Outcome, reportedAt: Moment }),
  z.strictObject({ state: z.literal('decided'), ...ended, outcome: Outcome, verdict: ResultVerdict }),
  z.strictObject({
    state: z.literal('abandoned'),
    ...history,
    reason: z.string(),
    tell: z.boolean(),
    /** What was computed before it was given up, for the history; null where the run had not ended. */
    result: z.strictObject({ measures: Measures, outcome: Outcome }).nullable(),
  }),
]);
export type UnitState = z.infer<typeof UnitState>;
export type UnitStateName = UnitState['state'];

export type UnitEvent =
  | { readonly event: 'fetchStarted' }
  | { readonly event: 'fetched' }
  | { readonly event: 'fetchFailed' }
  | { readonly event: 'started'; readonly capsule: string }
  | { readonly event: 'exited'; readonly outcome: Outcome; readonly measures: Measures }
  /** The program or its capsule broke; another capsule may do better. */
  | { readonly event: 'brokeOnce'; readonly attempt: Attempt }
  | { readonly event: 'brokeForGood'; readonly attempt: Attempt; readonly measures: Measures }
  /** This host ended the run: engine stopped, driver lost, disk full, capsule needed elsewhere. */
  | { readonly event: 'interrupted' }
  | { readonly event: 'programMissing' }
  | { readonly event: 'uploadStarted' }
  | { readonly event: 'uploadStopped' }
  /** The files on disk are no longer what was hashed, and nothing was reported yet. */
  | { readonly event: 'outputsLost' }
  | { readonly event: 'reported'; readonly verdict: ResultVerdict; readonly at: string }
  | { readonly event: 'decided'; readonly verdict: ResultVerdict }
  /** tell: the server is to hear that the lease is given back. */
  | { readonly event: 'abandoned'; readonly reason: string; readonly tell: boolean }
  | { readonly event: 'engineStarted' };

export const NEW_UNIT: UnitState = { state: 'leased', attempts: [], interruptions: 0 };

/** A defect of ours: an event came where it cannot. The unit stays as it was. */
export class IllegalTransition extends Error {
  override readonly name = 'IllegalTransition';
  constructor(from: UnitStateName, event: UnitEvent['event']) {
    super(`a unit that is ${from} cannot take "${event}"`);
  }
}

/**
 * The next state. Pure.
 * @throws IllegalTransition
 */
export function transition(from: UnitState, happened: UnitEvent): UnitState {
  const { attempts, interruptions } = from;
  const past = { attempts, interruptions };
  const illegal = () => new IllegalTransition(from.state, happened.event);
  switch (happened.event) {
    case 'fetchStarted':
      if (from.state !== 'leased') throw illegal();
      return { state: 'fetching', ...past };
    case 'fetched':
      if (from.state !== 'fetching') throw illegal();
      return { state: 'ready', ...past };
    case 'fetchFailed':
      if (from.state !== 'fetching') throw illegal();
      return { state: 'leased', ...past };
    case 'started':
      if (from.state !== 'ready') throw illegal();
      return { state: 'running', ...past, capsule: happened.capsule };
    case 'exited':
      if (from.state !== 'running') throw illegal();
      return { state: 'finished', ...past, measures: happened.measures, outcome: happened.outcome };
    case 'brokeOnce':
      if (from.state !== 'running') throw illegal();
      return { state: 'ready', attempts: [...attempts, happened.attempt], interruptions };
    case 'brokeForGood': {
      if (from.state !== 'running') throw illegal();
      const { reason, exitStatus, consoleTail } = happened.attempt;
      return {
        state: 'failed',
        attempts: [...attempts, happened.attempt],
        interruptions,
        measures: happened.measures,
        outcome: { kind: 'failure', reason, exitStatus, consoleTail },
      };
    }
    case 'interrupted':
      if (from.state !== 'running') throw illegal();
      return { state: 'ready', attempts, interruptions: interruptions + 1 };
    case 'programMissing':
      if (from.state !== 'ready') throw illegal();
      return { state: 'leased', ...past };
    case 'uploadStarted':
      if (from.state !== 'finished') throw illegal();
      return { ...from, state: 'uploading' };
    case 'uploadStopped':
      if (from.state !== 'uploading') throw illegal();
      return { ...from, state: 'finished' };
    case 'outputsLost':
      if (from.state !== 'finished' && from.state !== 'uploading') throw illegal();
      return { state: 'ready', attempts, interruptions: interruptions + 1 };
    case 'reported': {
      if (from.state !== 'uploading' && from.state !== 'failed') throw illegal();
      const { measures, outcome } = from;
      if (isFinal(happened.verdict)) {
        return { state: 'decided', ...past, measures, outcome, verdict: happened.verdict };
      }
      return { state: 'reported', ...past, measures, outcome, reportedAt: happened.at };
    }
    case 'decided': {
      if (from.state !== 'reported' || !isFinal(happened.verdict)) throw illegal();
      const { measures, outcome } = from;
      return { state: 'decided', ...past, measures, outcome, verdict: happened.verdict };
    }
    case 'abandoned':
      if (from.state === 'decided' || from.state === 'abandoned') throw illegal();
      return {
        state: 'abandoned',
        ...past,
        reason: happened.reason,
        tell: happened.tell,
        result: 'outcome' in from ? { measures: from.measures, outcome: from.outcome } : null,
      };
    case 'engineStarted':
      if (from.state === 'fetching') return { state: 'leased', ...past };
      if (from.state === 'running') return { state: 'ready', attempts, interruptions: interruptions + 1 };
      if (from.state === 'uploading') return { ...from, state: 'finished' };
      return from;
  }
}

/** Whether the project will not change its mind. */
export function isFinal(verdict: ResultVerdict): boolean {
  return verdict.state !== 'pending';
}
