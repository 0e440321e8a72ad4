import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { output, type Probe } from './probe.ts';

/**
 * Seconds since somebody last did something at this computer; Infinity: nobody is logged in; null: cannot tell.
 *
 * On Linux three witnesses, because none sees everybody: the X server (xprintidle), the session manager (logind:
 * IdleHint, which graphical desktops set and which covers remote logins) and the terminals themselves. On macOS the
 * input system. On Windows only the desktop app can ask; the engine alone does not know.
 */
export async function personProbe(): Promise<Probe<number> | null> {
  if (process.platform === 'darwin') return { everyMs: 10_000, read: macIdle };
  if (process.platform !== 'linux') return null;
  const hasLogind = (await logindIdle(Date.now())) !== null;
  const display = Boolean(process.env.DISPLAY);
  const hasXprintidle = display && (await xIdle()) !== null;
  return {
    everyMs: hasLogind || hasXprintidle ? 10_000 : 5_000,
    async read() {
      return combine({
        display: display || Boolean(process.env.WAYLAND_DISPLAY),
        x: hasXprintidle ? await xIdle() : null,
        logind: hasLogind ? await logindIdle(Date.now()) : null,
        terminals: await terminalIdle(['/dev', '/dev/pts'], Date.now()),
      });
    },
  };
}

/** What each witness says, in seconds; null: has nothing to say. logind: 0 means active. */
export interface Witnesses {
  readonly display: boolean;
  readonly x: number | null;
  readonly logind: number | null;
  readonly terminals: number;
}

export function combine({ display, x, logind, terminals }: Witnesses): number | null {
  // On a display that nobody can watch, "active" from logind may only mean that the desktop never says idle.
  if (display && x === null && (logind === null || logind === 0)) return terminals < 60 ? terminals : null;
  return Math.min(x ?? logind ?? Number.POSITIVE_INFINITY, terminals);
}

async function xIdle(): Promise<number | null> {
  const text = await output('xprintidle', []);
  return text !== null && /^\d+\s*$/.test(text) ? Number(text) / 1000 : null;
}

async function logindIdle(nowMs: number): Promise<number | null> {
  const text = await output('loginctl', ['show-session', '-p', 'IdleHint', '-p', 'IdleSinceHint']);
  return text === null ? null : parseLogind(text, nowMs);
}

/** The manager's own properties: idle only when every session is. IdleSinceHint is in microseconds since 1970, 0: nobody. */
export function parseLogind(text: string, nowMs: number): number | null {
  const hint = /^IdleHint=(yes|no)$/m.exec(text)?.[1];
  if (hint === 'no') return 0;
  if (hint !== 'yes') return null;
  const since = Number(/^IdleSinceHint=(\d+)$/m.exec(text)?.[1] ?? 0);
  return since === 0 ? Number.POSITIVE_INFINITY : Math.max(0, nowMs / 1000 - since / 1e6);
}

/** Terminals note each input as an access to their device file (as w(1) shows), in steps of 8 s. */
export async function terminalIdle(folders: readonly string[], nowMs: number): Promise<number> {
  let idle = Number.POSITIVE_INFINITY;
  for (const folder of folders) {
    for (const name of await readdir(folder).catch(() => [])) {
      if (!/^(tty[1-9]\d*|\d+)$/.test(name)) continue;
      const times = await stat(join(folder, name)).catch(() => null);
      if (times) idle = Math.min(idle, Math.max(0, (nowMs - times.atimeMs) / 1000));
    }
  }
  return idle;
}

async function macIdle(): Promise<number | null> {
  const text = await output('ioreg', ['-c', 'IOHIDSystem', '-d', '4']);
  const nanoseconds = /"HIDIdleTime" = (\d+)/.exec(text ?? '')?.[1];
  return nanoseconds === undefined ? null : Number(nanoseconds) / 1e9;
}
