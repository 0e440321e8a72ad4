import { accessSync, constants, statSync } from 'node:fs';
import { cpus, hostname } from 'node:os';
import { z } from 'zod';
import { sha256 } from '../../../platform/files.ts';
import type { Accelerator } from './args.ts';

/** An accelerator is what boots, not what exists: these are only worth a try, fastest first. TCG is QEMU's own interpreter. */
export interface Candidates {
  readonly order: readonly Accelerator[];
  /** Group that may open /dev/kvm, where QEMU's unprivileged user needs it. */
  readonly kvmGroup: number | null;
}

/** @param becomesUnprivileged QEMU will not run as the engine's user */
export function findCandidates(becomesUnprivileged: boolean): Candidates {
  if (process.platform === 'linux' && process.arch === 'x64') {
    return linuxCandidates('/dev/kvm', becomesUnprivileged);
  }
  if (process.platform === 'darwin' && process.arch === 'x64')
    return { order: ['hvf', 'tcg'], kvmGroup: null };
  return { order: ['tcg'], kvmGroup: null };
}

/** @param device /dev/kvm */
export function linuxCandidates(device: string, becomesUnprivileged: boolean): Candidates {
  const without: Candidates = { order: ['tcg'], kvmGroup: null };
  try {
    accessSync(device, constants.R_OK | constants.W_OK);
    if (!becomesUnprivileged) return { order: ['kvm', 'tcg'], kvmGroup: null };
    const { mode, gid } = statSync(device);
    if ((mode & 0o006) === 0o006) return { order: ['kvm', 'tcg'], kvmGroup: null };
    if ((mode & 0o060) === 0o060 && gid !== 0) return { order: ['kvm', 'tcg'], kvmGroup: gid };
    return without;
  } catch {
    return without;
  }
}

/** How long a boot may take: with hardware's help a second, interpreted on a busy machine half a minute. */
export function bootLimitMs(accelerator: Accelerator): number {
  return accelerator === 'tcg' ? 120_000 : 20_000;
}

/** What was found out by booting; holds for this machine, image, QEMU and set of candidates. */
export const ProbeResult = z.strictObject({
  key: z.string(),
  accelerator: z.enum(['kvm', 'hvf', 'whpx', 'tcg']),
  /** Why the faster ones were not taken. */
  refused: z.array(z.strictObject({ accelerator: z.string(), reason: z.string() })),
});
export type ProbeResult = z.infer<typeof ProbeResult>;

export function probeKey(image: string, qemuVersion: string, candidates: Candidates): string {
  const machine = [hostname(), cpus()[0]?.model ?? '', process.platform, process.arch];
  return sha256(JSON.stringify([machine, image, qemuVersion, candidates]));
}
