import { chmod, copyFile, mkdir, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hostFolder, observed } from '../../ninep/trees/index.ts';
import { writeFileAtomic } from '../../platform/files.ts';
import { fillRelease } from '../../platform/templates.ts';
import type { Lease } from '../../protocol/project-api.ts';
import type { Release } from '../../protocol/release.ts';
import { BLOCKS, CARD, OUT, type Progress } from '../../protocol/work-unit.ts';
import type { Capsule, RunOutcome } from '../capsules/capsule.ts';
import type { SoftwareTree } from '../software/index.ts';
import { diskTrouble } from '../work/desk.ts';
import type { Outcome } from '../work/machine.ts';
import type { ConsoleTail } from './consoles.ts';
import { AppendedLines } from './lines.ts';
import { collectOutputs, OutputRefused } from './outputs.ts';
import { ProgressLines } from './progress-lines.ts';

export interface UnitToRun {
  readonly lease: Lease;
  readonly release: Release;
  readonly programPath: string;
  /** What the program lies in, where it is a tree that is read from a repository. */
  readonly software: SoftwareTree | null;
  /** Files that other work units have made, by their paths in the directory. */
  readonly inputs: ReadonlyMap<string, string>;
  readonly jobFolder: string;
  readonly console: ConsoleTail;
  readonly onProgress: (progress: Progress) => void;
  readonly onLive: (line: string) => void;
  /** Each complete line of out/blocks.jsonl as it is written. */
  readonly onBlock: (line: string) => void;
}

/** How a run ended, as the state machine needs it. */
export type RunEnd =
  | { readonly end: 'outputs'; readonly outcome: Extract<Outcome, { kind: 'outputs' }> }
  /** The program or its capsule broke. */
  | { readonly end: 'broken'; readonly reason: string; readonly exitStatus: number | null }
  /** This host ended it: stopped, capsule lost, disk full. Nothing against the unit. */
  | { readonly end: 'interrupted'; readonly reason: string; readonly disk: unknown }
  /** Part of the program could not be read while it ran. Nothing against the unit either; it needs all of it before. */
  | { readonly end: 'unread'; readonly reason: string };

/** Beside out/ the job holds card, progress and live; a program may fill this much with them. */
const SCRATCH_BYTES = 32 * 1024 * 1024;
const SCRATCH_FILES = 10_000;
/** Less free than this when a program failed: the disk is the likelier reason. */
const DISK_FLOOR_BYTES = 4 * 1024 * 1024;

/**
 * Makes the work unit's directory anew.
 * @throws the file system's error
 */
export async function prepareJob(
  unit: Pick<UnitToRun, 'lease' | 'release' | 'inputs' | 'jobFolder'>,
): Promise<void> {
  await rm(unit.jobFolder, { recursive: true, force: true });
  await mkdir(join(unit.jobFolder, OUT), { recursive: true });
  await writeFileAtomic(join(unit.jobFolder, CARD), JSON.stringify(unit.lease.card), 0o644);
  for (const [path, text] of fillRelease(unit.release, unit.lease.card).files) {
    const file = join(unit.jobFolder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFileAtomic(file, text, 0o644);
  }
  // Copies: the program may write to them, and what is kept may not change.
  for (const [path, kept] of unit.inputs) {
    const file = join(unit.jobFolder, path);
    await mkdir(dirname(file), { recursive: true });
    await copyFile(kept, file);
    await chmod(file, 0o644);
  }
}

/**
 * Runs a prepared unit in a started capsule to its end, stops the capsule, and takes stock of what is left.
 * @param onEnded called when the program has ended, before the outputs are looked at
 * @throws CapsuleError when the driver lost its capsule
 */
export async function runUnit(unit: UnitToRun, capsule: Capsule, onEnded: () => void): Promise<RunEnd> {
  const { release, lease } = unit;
  const { limits } = release;
  const blocks = new AppendedLines(unit.onBlock);
  const blocksPath = `${OUT}/${BLOCKS}`;
  const folder = hostFolder(unit.jobFolder, {
    quotaBytes: limits.outputBytes + SCRATCH_BYTES + inputBytes(lease),
    quotaFiles: SCRATCH_FILES,
  });
  const said = new ProgressLines(release.progress, lease.card.events, unit.onProgress);
  const job = observed(folder, (path, offset, data) => {
    if (path === blocksPath) blocks.write(offset, data);
    said.write(path, offset, data);
  });
  let outcome: RunOutcome;
  try {
    outcome = await capsule.run({
      unitId: lease.unitId,
      programPath: unit.programPath,
      ...(release.command === undefined ? {} : { command: release.command }),
      ...(unit.software ? { software: unit.software.tree } : {}),
      args: fillRelease(release, lease.card).args,
      environment: release.environment ?? {},
      job,
      memoryMb: limits.memoryMb,
      wallSeconds: limits.wallSeconds,
      onConsole: (chunk) => {
        said.console(chunk);
        unit.console.add(chunk);
      },
      onProgress: unit.onProgress,
      onLive: unit.onLive,
    });
  } finally {
    onEnded();
    await capsule.stop();
  }
  // Whatever became of a program that found its disk not to work: it is not what it would have been.
  const trouble = unit.software?.trouble();
  if (trouble && outcome.state !== 'stopped') return { end: 'unread', reason: trouble.message };
  return judge(outcome, unit);
}

function inputBytes({ card: { inputs = [] } }: Lease): number {
  return inputs.reduce((sum, { bytes }) => sum + bytes, 0);
}

async function judge(outcome: RunOutcome, unit: UnitToRun): Promise<RunEnd> {
  switch (outcome.state) {
    case 'stopped':
      return { end: 'interrupted', reason: 'stopped', disk: null };
    case 'broken':
      if (outcome.lost) return { end: 'interrupted', reason: outcome.reason, disk: null };
      return brokenOrDisk(unit, outcome.reason, null);
    case 'exited':
      break;
  }
  if (outcome.exitStatus !== 0) {
    return brokenOrDisk(unit, `the program ended with status ${outcome.exitStatus}`, outcome.exitStatus);
  }
  try {
    const outputs = await collectOutputs(unit.jobFolder, unit.release.limits.outputBytes);
    return { end: 'outputs', outcome: { kind: 'outputs', ...outputs } };
  } catch (error) {
    if (error instanceof OutputRefused) return brokenOrDisk(unit, error.message, 0);
    if (diskTrouble(error))
      return { end: 'interrupted', reason: 'the output could not be made durable', disk: error };
    throw error;
  }
}

/** A program that could not write may only have met our full disk: that is not its fault. */
async function brokenOrDisk(unit: UnitToRun, reason: string, exitStatus: number | null): Promise<RunEnd> {
  const disk = await statfs(unit.jobFolder);
  if (disk.bavail * disk.bsize < DISK_FLOOR_BYTES) {
    const full = Object.assign(new Error(`no space left while the unit ran: ${reason}`), { code: 'ENOSPC' });
    return { end: 'interrupted', reason: full.message, disk: full };
  }
  return { end: 'broken', reason, exitStatus };
}
