import type { ShellCall, ShellEvent } from '../../protocol/shell.ts';

/** The names alone: a preload has no room for the schemas, which the main process checks everything by. */
export const CALLS = {
  info: true,
  engine: true,
  settings: true,
  setSettings: true,
  restartEngine: true,
  updateState: true,
  saveFile: true,
  openOutside: true,
  takeInvitation: true,
  painted: true,
} as const satisfies Record<ShellCall, true>;

export const EVENTS = {
  engine: true,
  settings: true,
  updateState: true,
  navigate: true,
  invitation: true,
} as const satisfies Record<ShellEvent, true>;

/** Channels of Electron's IPC. */
export const CHANNEL = { call: 'shell:call', event: 'shell:event' } as const;

/** What a call is answered with: errors do not cross Electron's IPC whole. */
export type Answer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: { readonly code: string; readonly message: string } };
