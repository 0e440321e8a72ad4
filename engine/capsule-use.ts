import type { Calibrator } from './calibration/index.ts';
import type { CapsuleUse } from './cores/index.ts';
import type { Slot } from './slots/slot.ts';

/** Of a capsule where no release says more yet. */
const USUAL_CAPSULE_MB = 256;

/** What the capsules that live now hold and use, for those who watch the machine. */
export function capsuleUse(slots: readonly Slot[], measuring: Calibrator['measuring']): CapsuleUse {
  let promisedMemoryMb = 0;
  let cpuSeconds = 0;
  let capsuleMemoryMb = USUAL_CAPSULE_MB;
  for (const { capsule, unit } of slots) {
    const limitMb = unit.release?.limits.memoryMb ?? USUAL_CAPSULE_MB;
    capsuleMemoryMb = Math.max(capsuleMemoryMb, limitMb);
    const metrics = capsule?.metrics();
    promisedMemoryMb += Math.max(0, limitMb - (metrics?.residentBytes ?? 0) / 1e6);
    cpuSeconds += metrics?.cpuSeconds ?? 0;
  }
  return {
    capsules: slots.length + (measuring ? 1 : 0),
    capsuleMemoryMb,
    promisedMemoryMb,
    cpuSeconds: cpuSeconds + (measuring?.metrics?.cpuSeconds ?? 0),
  };
}
