import { freemem } from 'node:os';
import type { Probe } from './probe.ts';

/** Memory that programs can still get without swapping, in megabytes. */
export async function memoryProbe(): Promise<Probe<number>> {
  // Linux: MemAvailable, Windows: available physical memory; both are what os.freemem() answers.
  if (process.platform !== 'darwin') return { everyMs: 2_000, read: async () => freemem() / 1e6 };
  // macOS counts its file cache as used there.
  const { mem } = await import('systeminformation');
  return { everyMs: 10_000, read: async () => (await mem()).available / 1e6 };
}
