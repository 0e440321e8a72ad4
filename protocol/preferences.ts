import { z } from 'zod';

/** A weekly window in local time, minutes since midnight; from > to runs over midnight. Days: 0 = Sunday. */
export const ScheduleWindow = z.strictObject({
  days: z.array(z.number().int().min(0).max(6)).min(1),
  fromMinute: z.number().int().min(0).max(1440),
  toMinute: z.number().int().min(0).max(1440),
});

/** What the volunteer allows. The defaults are gentle on purpose (facts: too invasive defaults drive people away). */
export const Preferences = z.strictObject({
  /** At most this many cores; null: all. */
  maxCores: z.number().int().min(0).max(4096).nullable().default(null),
  /** Share of the cores that stays free for the person while they use the machine: 1 computes only when away. */
  reserveWhileActive: z.number().min(0).max(1).default(0.5),
  onBattery: z.boolean().default(false),
  onMeteredNetwork: z.boolean().default(false),
  duringFullScreen: z.boolean().default(false),
  maxTemperatureC: z.number().min(40).max(110).default(80),
  /** Never let free memory fall under this. */
  keepFreeMemoryMb: z.number().int().min(0).max(1_000_000).default(1024),
  /** Empty: any time. */
  schedule: z.array(ScheduleWindow).default([]),
  diskLimitMb: z.number().int().min(50).max(1_000_000).default(2048),
  capsule: z.enum(['auto', 'qemu', 'wasm']).default('auto'),
  /** null: the fastest that boots. */
  accelerator: z.enum(['kvm', 'hvf', 'whpx', 'tcg']).nullable().default(null),
  /** Kilobytes a second for downloads and uploads together; null: no limit. */
  networkLimitKbps: z.number().int().min(8).max(10_000_000).nullable().default(null),
  /** While one of these runs (name of its executable, without extension or case), nothing is computed. */
  pausePrograms: z.array(z.string().trim().min(1).max(100)).max(50).default([]),
  /** Ask the system not to sleep while computing. Read by the desktop shell. */
  keepAwake: z.boolean().default(false),
  /** Work units kept ready for each core. */
  bufferPerCore: z.number().int().min(1).max(8).default(2),
});
export type Preferences = z.infer<typeof Preferences>;
