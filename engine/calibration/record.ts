import { cpus } from 'node:os';
import { z } from 'zod';
import { sha256 } from '../../platform/files.ts';
import type { Release } from '../../protocol/release.ts';
import type { CapsuleKind } from '../capsules/capsule.ts';
import { recallFact, rememberFact } from '../machine.ts';

/** Key in EngineFiles.machine. */
const FACT = 'calibrations';
/** Older ones give way. */
const KEPT = 50;

/** What was measured for one application on this machine. */
export const Calibration = z.strictObject({
  application: z.string(),
  version: z.string(),
  /** Hash of everything the figures depend on: calibrationKey(). */
  key: z.string(),
  eventsPerSecond: z.record(z.string(), z.number()),
  /** Capsules that gave no figure, and why. */
  failed: z.record(z.string(), z.string()),
  measuredAtMs: z.number(),
});
export type Calibration = z.infer<typeof Calibration>;

/** A capsule that gave no figure is tried again after this: it may have been a bad moment. */
export const FAILURE_HOLDS_MS = 24 * 3600_000;

/** @param facts what the driver of each kind says about itself */
export function calibrationKey(
  release: Release,
  facts: Readonly<Partial<Record<CapsuleKind, string>>>,
): string {
  const machine = [cpus()[0]?.model ?? '', cpus().length, process.platform, process.arch];
  return sha256(JSON.stringify([machine, release.programs, release.args, facts]));
}

export function applicationId({ application, version }: { application: string; version: string }): string {
  return `${application} ${version}`;
}

export async function loadCalibrations(file: string): Promise<Calibration[]> {
  return (await recallFact(file, FACT, z.array(Calibration))) ?? [];
}

export async function saveCalibrations(file: string, calibrations: Iterable<Calibration>): Promise<void> {
  const newest = [...calibrations].sort((a, b) => b.measuredAtMs - a.measuredAtMs).slice(0, KEPT);
  await rememberFact(file, FACT, newest);
}
