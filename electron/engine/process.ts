import { type ChildProcess, spawn } from 'node:child_process';
import { FromEngine } from './messages.ts';

/** A small young generation and no threads for it: an engine that waits is to cost next to nothing (bench app). */
const NODE_FLAGS = [
  '--max-semi-space-size=1',
  '--optimize-for-size',
  '--single-threaded-gc',
  '--max-old-space-size=512',
];
/** Of the shell's environment, what would make the engine's process behave unlike itself. */
const NOT_FOR_THE_ENGINE = ['NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS', 'ELECTRON_ENABLE_LOGGING'];
const KEPT_ERROR_CHARS = 2000;

export interface EngineChild {
  readonly pid: number;
  /** Its address, or null with words for a person where it could not start. */
  readonly ready: Promise<{ url: string; token: string } | { failed: string }>;
  /** Resolves with how it ended; never rejects. */
  readonly ended: Promise<EngineEnd>;
  kill(signal: NodeJS.Signals): void;
}

export interface EngineEnd {
  /** It ended in good order, by itself or because somebody asked it to. */
  readonly orderly: boolean;
  /** How, for the log. */
  readonly how: string;
}

/**
 * Starts the engine as a process of its own: this Electron's executable as plain Node. Not a utilityProcess, which
 * cannot end in good order when the shell is killed, and takes more memory (docs/decisions).
 * @param entry the bundle of electron/engine/child.ts
 * @param args what it is told: its data folder first
 */
export function startEngineProcess(
  entry: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): EngineChild {
  const child = spawn(process.execPath, [...NODE_FLAGS, entry, ...args], {
    env: { ...without(env, NOT_FOR_THE_ENGINE), ELECTRON_RUN_AS_NODE: '1' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    windowsHide: true,
  });
  const errors = lastErrors(child);
  const ended = new Promise<EngineEnd>((resolve) => {
    child.once('error', (error) => resolve({ orderly: false, how: error.message }));
    child.once('exit', (code, signal) => {
      const said = errors().trim().split('\n').at(-1);
      const how = `${signal ?? `status ${code}`}${said ? `: ${said}` : ''}`;
      resolve({ orderly: code === 0, how });
    });
  });
  const ready = new Promise<{ url: string; token: string } | { failed: string }>((resolve) => {
    child.on('message', (raw) => {
      const message = FromEngine.safeParse(raw);
      if (!message.success) return;
      resolve('ready' in message.data ? message.data.ready : { failed: message.data.failed });
    });
    void ended.then(({ how }) => resolve({ failed: how }));
  });
  return { pid: child.pid ?? -1, ready, ended, kill: (signal) => void child.kill(signal) };
}

function lastErrors(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-KEPT_ERROR_CHARS);
  });
  return () => text;
}

function without(env: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));
}
