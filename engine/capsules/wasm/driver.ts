import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Logger } from '../../../platform/log.ts';
import { backgroundCommand, runInBackground } from '../background.ts';
import { type CapsuleDriver, CapsuleError, type SlotOptions } from '../capsule.ts';
import { Guardian } from '../guardian.ts';
import { type Pausing, WasmCapsule } from './capsule.ts';
import type { FromCapsule } from './messages.ts';

export interface WasmDriverOptions {
  readonly log: Logger;
  /** By default a signal, except on Windows, which has none for it. */
  readonly pausing?: Pausing;
}

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));
/** Our own code around the program; young objects in 1 MB keep a capsule small. */
const NODE_OPTIONS = ['--max-semi-space-size=1', '--max-old-space-size=64'];
/** What a Node process needs of its surroundings on some system. Nothing of the engine's reaches a program anyhow. */
const ENVIRONMENT = ['PATH', 'SystemRoot', 'TEMP', 'LD_LIBRARY_PATH', 'NODE_COMPILE_CACHE'];
const MAX_ERROR_TEXT = 4000;

/**
 * Programs built for WASI, each in a process of its own: measured by the system, at the lowest priority, killed without
 * a trace. Why not a thread of the engine: docs/decisions/0005-a-wasm-capsule-is-a-process.md.
 */
export function wasmDriver({ log, pausing }: WasmDriverOptions): CapsuleDriver {
  const how: Pausing = pausing ?? (process.platform === 'win32' ? 'host-call' : 'signal');
  const guardian = new Guardian();
  const capsules = new Set<WasmCapsule>();
  return {
    kind: 'wasm',
    capabilities: {
      platform: 'wasm32-wasi',
      unmodifiedPrograms: false,
      pausesAnywhere: how === 'signal',
      checkpoints: false,
    },
    unavailable: async () => null,
    async start(slot: SlotOptions) {
      slot.signal.throwIfAborted();
      const { command, args } = await backgroundCommand(process.execPath, [...NODE_OPTIONS, CHILD]);
      const child = spawn(command, args, {
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        serialization: 'advanced',
        detached: true,
        windowsHide: true,
        env: environment(),
      });
      const { pid } = child;
      if (pid !== undefined) {
        guardian.add(pid);
        child.once('exit', () => guardian.delete(pid));
        runInBackground(pid);
      }
      await ready(child, slot.signal);
      if (pid === undefined) throw new CapsuleError('the wasm capsule has no process');
      log.debug({ slot: slot.slotId, pid }, 'wasm capsule started');
      const capsule = new WasmCapsule(child, pid, how, log);
      capsules.add(capsule);
      child.once('exit', () => capsules.delete(capsule));
      return capsule;
    },
    async close() {
      await Promise.all([...capsules].map((capsule) => capsule.stop()));
      await guardian.close();
    },
  };
}

function environment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const name of ENVIRONMENT) if (process.env[name] !== undefined) env[name] = process.env[name];
  // Inside Electron, process.execPath is Electron, which is Node only when told so.
  if ('electron' in process.versions) env.ELECTRON_RUN_AS_NODE = '1';
  return env;
}

/** Resolves once the process waits for its work unit. */
function ready(child: ChildProcess, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let errors = '';
    const settle = (error?: unknown) => {
      signal.removeEventListener('abort', abort);
      child.off('error', fail);
      child.off('exit', exited);
      child.off('message', hear);
      if (error === undefined) resolve();
      else {
        child.kill('SIGKILL');
        reject(error);
      }
    };
    const abort = () => settle(signal.reason);
    const fail = (cause: Error) =>
      settle(new CapsuleError(`cannot start a process for a wasm capsule: ${cause.message}`, { cause }));
    const exited = () =>
      settle(new CapsuleError(`the process of a wasm capsule ended at once: ${errors.trim()}`));
    const hear = (message: FromCapsule) => {
      if ('ready' in message) settle();
    };
    child.stderr?.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-MAX_ERROR_TEXT);
    });
    child.once('error', fail);
    child.once('exit', exited);
    child.on('message', hear);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}
