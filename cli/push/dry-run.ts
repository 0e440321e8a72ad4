import { performance } from 'node:perf_hooks';
import { addUp } from '../../physics/report/runs.ts';
import { sha256 } from '../../platform/files.ts';
import { API_PREFIX } from '../../protocol/project-api.ts';
import { Release, Signed } from '../../protocol/release.ts';
import { DryRun } from '../../protocol/staff-api.ts';
import { Block, type Card } from '../../protocol/work-unit.ts';
import { CheckFailed, regenerateBlock } from '../../server/validate/spot-check.ts';
import { ApiRefusal, ask } from '../api.ts';
import { CliError, EXIT, NotRunningError, RefusedError } from '../errors.ts';
import { type PushServer, placed, type Staff, staffApi } from '../push.ts';
import { clean } from '../terminal.ts';
import { parameters } from '../words.ts';
import { readDocument } from './documents.ts';
import { readFileText, shorter } from './files.ts';
import { readText } from './text.ts';

/** What a few events of one point gave here. */
export interface Trial {
  readonly index: number;
  readonly parameters: Card['parameters'];
  readonly events: number;
  readonly crossSectionPb: { readonly value: number; readonly error: number };
  readonly eventsPerSecond: number;
}

/** A campaign that was looked at. */
export interface Look extends Omit<DryRun, 'trial'> {
  readonly file: string;
  /** null: the release has no program that runs here. */
  readonly trial: readonly Trial[] | null;
  /** What it would cost at the pace of these. */
  readonly coreHoursHere: number | null;
}

interface LookOptions extends PushServer {
  readonly file: string;
  readonly stopping: AbortSignal;
}

/**
 * What a campaign would be: the project checks it, and its program computes a few events here.
 * @throws RefusedError as pushDocument(); CliError where the program fails
 */
export async function lookAtCampaign({ file, stopping, ...server }: LookOptions): Promise<Look> {
  const api = staffApi(server);
  const text = readText(shorter(file), await readFileText(file));
  const { kind } = readDocument(text);
  if (kind !== 'campaign')
    throw new RefusedError(
      `${text.at(['kind'])}: --dry-run is for campaigns; publish the ${kind} without it`,
    );
  const raw = { data: text.text, type: 'application/yaml' };
  const { trial, ...answer } = await ask(api, {
    method: 'POST',
    path: '/staff/campaigns/dry-run',
    raw,
    schema: DryRun,
  }).catch((error: unknown) => {
    throw error instanceof ApiRefusal ? placed(text, error) : error;
  });
  const { application, version } = answer;
  const signed = await ask(api, { path: `/releases/${application}/${version}`, schema: Signed });
  const release = Release.parse(JSON.parse(signed.body));
  const program = release.outputs ? undefined : release.programs['wasm32-wasi'];
  if (!program) return { file: text.file, ...answer, trial: null, coreHoursHere: null };
  const wasm = await download(api, program.sha256);
  const trials: Trial[] = [];
  for (const { index, card } of trial)
    trials.push({ index, ...(await tryPoint(wasm, release, card, stopping)) });
  const secondsPerEvent = trials.reduce((sum, one) => sum + 1 / one.eventsPerSecond, 0) / trials.length;
  const coreHoursHere = (answer.events * answer.copies * secondsPerEvent) / 3600;
  return { file: text.file, ...answer, trial: trials, coreHoursHere };
}

/** @throws NotRunningError */
async function download({ who, url, remedy }: Staff, hash: string): Promise<Uint8Array> {
  try {
    const answer = await fetch(`${url}${API_PREFIX}/objects/${hash}`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (sha256(bytes) === hash) return bytes;
  } catch (cause) {
    throw new NotRunningError(`${who} at ${url} does not answer; ${remedy}`, { cause });
  }
  throw new CliError(EXIT.failed, `${who} at ${url} does not have the program ${hash} as it was published`);
}

/** Runs twice, so that what the program's start takes can be taken off. */
async function tryPoint(
  wasm: Uint8Array,
  release: Release,
  card: Card,
  stopping: AbortSignal,
): Promise<Omit<Trial, 'index'>> {
  const few = Math.max(1, Math.round(card.events / 10));
  const [first, all] = [
    await timed(wasm, release, { ...card, events: few, blockEvents: few }, stopping),
    await timed(wasm, release, card, stopping),
  ];
  const [events, seconds] = [card.events - few, all.seconds - first.seconds];
  return {
    parameters: card.parameters,
    events: card.events,
    crossSectionPb: addUp([all.block]).crossSectionPb,
    eventsPerSecond: events > 0 && seconds > 0 ? events / seconds : card.events / all.seconds,
  };
}

async function timed(wasm: Uint8Array, release: Release, card: Card, stopping: AbortSignal) {
  const start = performance.now();
  try {
    const line = await regenerateBlock(wasm, release, card, stopping);
    const seconds = (performance.now() - start) / 1000;
    return { seconds, block: Block.parse(JSON.parse(line)) };
  } catch (cause) {
    if (!(cause instanceof CheckFailed)) throw cause;
    if (stopping.aborted) throw new CliError(EXIT.failed, 'stopped', { cause });
    const where = clean(parameters(card.parameters));
    throw new CliError(EXIT.failed, `the program does not compute ${where}: ${clean(cause.message)}`, {
      cause,
    });
  }
}
