import type { BrowserWindow, IpcMain, IpcMainInvokeEvent } from 'electron';
import type { z } from 'zod';
import { SHELL_CALLS, type SHELL_EVENTS, type ShellCall, type ShellEvent } from '../../protocol/shell.ts';
import { isOurPage } from '../window/lock-down.ts';
import { type Answer, CHANNEL } from './names.ts';

/** What the shell does for each call of the page. Throws a ShellError where the person can mend it. */
export type ShellHandlers = {
  readonly [K in ShellCall]: (
    input: z.infer<(typeof SHELL_CALLS)[K]['input']>,
  ) => z.infer<(typeof SHELL_CALLS)[K]['output']> | Promise<z.infer<(typeof SHELL_CALLS)[K]['output']>>;
};

export class ShellError extends Error {
  override readonly name = 'ShellError';
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Answers calls of our own page, in the window's own frame, with inputs that fit the contract; and no others. */
export function answerCalls(
  ipc: IpcMain,
  window: () => BrowserWindow | null,
  handlers: ShellHandlers,
  onFault: (call: string, error: unknown) => void,
): void {
  ipc.handle(CHANNEL.call, async (event, name: unknown, input: unknown): Promise<Answer> => {
    if (!isFromOurPage(event, window())) return refused('foreign', 'only the app itself may ask this');
    if (typeof name !== 'string' || !Object.hasOwn(SHELL_CALLS, name))
      return refused('unknown', 'the shell has no such call');
    const call = name as ShellCall; // it is one of the contract's own keys
    const parsed = SHELL_CALLS[call].input.safeParse(input);
    if (!parsed.success)
      return refused('invalid', parsed.error.issues[0]?.message ?? 'the input does not fit');
    try {
      // The input was parsed by the schema of this very call.
      const handler = handlers[call] as (input: unknown) => unknown;
      return { ok: true, value: await handler(parsed.data) };
    } catch (error) {
      if (error instanceof ShellError) return refused(error.code, error.message);
      onFault(call, error);
      return refused('internal', 'the app met a fault of its own, which is in its log');
    }
  });
}

/** Tells the page, where one is open. */
export function tellPage<K extends ShellEvent>(
  window: BrowserWindow | null,
  name: K,
  value: z.infer<(typeof SHELL_EVENTS)[K]>,
): void {
  if (window && !window.isDestroyed()) window.webContents.send(CHANNEL.event, name, value);
}

function isFromOurPage(event: IpcMainInvokeEvent, window: BrowserWindow | null): boolean {
  if (!window || event.sender !== window.webContents) return false;
  const frame = event.senderFrame;
  return frame !== null && frame === event.sender.mainFrame && isOurPage(frame.url);
}

function refused(code: string, message: string): Answer {
  return { ok: false, error: { code, message } };
}
