import type { z } from 'zod';
import { SHELL_CALLS, SHELL_EVENTS, type ShellCall, type ShellEvent } from '../../protocol/shell.ts';
import { parse } from './api/client.ts';

/** What the desktop shell's preload puts on the window; a page in a browser has none. */
interface Bridge {
  invoke(name: ShellCall, input: unknown): Promise<unknown>;
  on(name: ShellEvent, listener: (value: unknown) => void): unknown;
}

type Input<K extends ShellCall> = z.input<(typeof SHELL_CALLS)[K]['input']>;
type Output<K extends ShellCall> = z.output<(typeof SHELL_CALLS)[K]['output']>;
type Told<K extends ShellEvent> = z.output<(typeof SHELL_EVENTS)[K]>;

/** The shell refused or failed; `message` is its own. */
export class ShellRefused extends Error {
  override readonly name = 'ShellRefused';
}

const bridge = (globalThis as { beamtimeShell?: Bridge }).beamtimeShell ?? null;

/** This page is in the desktop app's window. */
export const inShell = bridge !== null;

/** @throws {ShellRefused} and in a browser: call only where `inShell` */
export async function shell<K extends ShellCall>(name: K, input: Input<K>): Promise<Output<K>> {
  if (!bridge) throw new ShellRefused('not in the desktop app');
  const answer = (await bridge.invoke(name, input)) as
    | { ok: true; value: unknown }
    | { ok: false; error: unknown };
  if (!answer.ok) throw new ShellRefused(messageOf(answer.error));
  return parse(SHELL_CALLS[name].output as unknown as z.ZodType<Output<K>>, answer.value);
}

/** Hears what the shell tells by itself; never in a browser. */
export function onShell<K extends ShellEvent>(name: K, listener: (value: Told<K>) => void): void {
  bridge?.on(name, (value) => {
    const parsed = SHELL_EVENTS[name].safeParse(value);
    if (parsed.success) listener(parsed.data as Told<K>);
  });
}

function messageOf(error: unknown): string {
  if (typeof error === 'string') return error;
  if (error && typeof error === 'object' && 'message' in error) return String(error.message);
  return 'the desktop app refused';
}
