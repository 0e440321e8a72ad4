import { output, type Probe } from './probe.ts';

/**
 * Whether the window in use fills the screen: a film, a game, a talk. On X11 as its window manager tells
 * (Extended Window Manager Hints: _NET_ACTIVE_WINDOW, _NET_WM_STATE_FULLSCREEN). Wayland tells no other
 * program; Windows and macOS tell the desktop app, not the engine.
 */
export async function fullScreenProbe(): Promise<Probe<boolean> | null> {
  if (process.platform !== 'linux' || !process.env.DISPLAY) return null;
  return (await output('xprop', ['-root', '_NET_SUPPORTED'])) === null ? null : { everyMs: 5_000, read };
}

async function read(): Promise<boolean | null> {
  const active = await output('xprop', ['-root', '_NET_ACTIVE_WINDOW']);
  const id = activeWindow(active ?? '');
  if (id === null) return active === null ? null : false;
  const state = await output('xprop', ['-id', id, '_NET_WM_STATE']);
  return state?.includes('_NET_WM_STATE_FULLSCREEN') ?? null;
}

/** "_NET_ACTIVE_WINDOW(WINDOW): window id # 0x3a00007" -> 0x3a00007; 0x0 is no window. */
export function activeWindow(text: string): string | null {
  const id = /window id # (0x[0-9a-f]+)/.exec(text)?.[1];
  return id === undefined || Number(id) === 0 ? null : id;
}
