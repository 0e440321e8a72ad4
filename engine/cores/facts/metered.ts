import { output, type Probe } from './probe.ts';

/** Whether the connection in use is paid by volume, as NetworkManager knows or guesses (a phone's hotspot). */
export async function meteredProbe(): Promise<Probe<boolean> | null> {
  if (process.platform !== 'linux') return null;
  return (await read()) === null ? null : { everyMs: 30_000, read };
}

async function read(): Promise<boolean | null> {
  const manager = 'org.freedesktop.NetworkManager';
  const path = '/org/freedesktop/NetworkManager';
  return parseMetered(
    (await output('busctl', ['--system', 'get-property', manager, path, manager, 'Metered'])) ?? '',
  );
}

/** NMMetered: 0 unknown, 1 yes, 2 no, 3 guessed yes, 4 guessed no; busctl prints "u 4". */
export function parseMetered(text: string): boolean | null {
  const value = /^u ([0-4])\s*$/.exec(text)?.[1];
  if (value === undefined || value === '0') return null;
  return value === '1' || value === '3';
}
