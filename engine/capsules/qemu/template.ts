import { chown, copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type Connection, memoryTree, serveStream, union } from '../../../ninep/index.ts';
import { CapsuleError } from '../capsule.ts';
import { waitedMs } from '../waited.ts';
import { WallLimit } from '../wall-limit.ts';
import { STATE_MAGIC, STATE_TARGET } from './args.ts';
import { GuestControl } from './guest-control.ts';
import { emptySoftwareTree, ownedByJob } from './guest-trees.ts';
import { type QemuHost, QemuProcess } from './process.ts';
import { QmpClient } from './qmp.ts';
import type { SnapshotKey, SnapshotStore } from './snapshots.ts';

export interface TemplateOptions {
  readonly host: QemuHost;
  readonly store: SnapshotStore;
  readonly key: SnapshotKey;
  readonly kernelPath: string;
  readonly initrdPath: string;
  readonly restrictNetwork: boolean;
  /** For the boot alone; time without a core does not count. */
  readonly timeLimitMs: number;
  readonly signal: AbortSignal;
}

/** Saving writes a few hundred kilobytes; however busy the host, a machine this slow is stuck. */
const SAVE_LIMIT_MS = 120_000;
/** The boot's own limit comes first. */
const NEVER_MS = 2 ** 31 - 1;

/**
 * Boots the appliance until its agent asks for work, and saves it there.
 * @throws CapsuleError when it does not come that far in time: this accelerator does not work here
 */
export async function makeTemplate(options: TemplateOptions): Promise<void> {
  const { host, store, key, signal } = options;
  const { folder, memoryPath } = await store.begin(key, host.confinement.userId);
  try {
    const boot = await readable(options, folder);
    const startedAt = performance.now();
    const machine = await QemuProcess.start(
      host,
      `template-${key.memoryMb}`,
      {
        accelerator: key.accelerator,
        memoryMb: key.memoryMb,
        restrictNetwork: options.restrictNetwork,
      },
      { memoryPath, boot },
    );
    const control = new GuestControl(() => {});
    const software = serveStream(machine.software, { tree: emptySoftwareTree() });
    const tree = serveStream(machine.tree, {
      tree: union({ job: ownedByJob(memoryTree()), ctl: control.tree }),
    });
    try {
      const connecting = QmpClient.connect(machine.qmp, NEVER_MS);
      const booted = Promise.all([connecting, control.waiting]);
      const [qmp] = await withinBoot(machine, booted, options.timeLimitMs, signal);
      const bootMs = performance.now() - startedAt;
      const state = await save(machine, qmp, [software, tree]);
      await store.finish(key, folder, { state, bootMs, software: software.save(), tree: tree.save() });
    } finally {
      await machine.kill();
      await Promise.all([software.close(), tree.close()]);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Copies that QEMU's user may read; the engine's own files need not be. */
async function readable(options: TemplateOptions, folder: string) {
  const { userId } = options.host.confinement;
  if (userId === null) return { kernelPath: options.kernelPath, initrdPath: options.initrdPath };
  const copy = async (from: string, name: string) => {
    const path = join(folder, name);
    await copyFile(from, path);
    await chown(path, userId, userId);
    return path;
  };
  return {
    kernelPath: await copy(options.kernelPath, 'kernel'),
    initrdPath: await copy(options.initrdPath, 'initrd'),
  };
}

/** @throws CapsuleError in plain words, with what QEMU or the guest's kernel said last */
async function withinBoot<T>(
  machine: QemuProcess,
  booted: Promise<T>,
  limitMs: number,
  signal: AbortSignal,
): Promise<T> {
  let failed: (how: string) => void = () => {};
  const failure = new Promise<string>((resolve) => {
    failed = resolve;
  });
  const seconds = limitMs / 1000;
  const limit = new WallLimit(seconds, () => failed(`no sign of life in ${seconds} s`), {
    waited: () => waitedMs(machine.pid),
  });
  const abort = () => failed('given up');
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  void machine.ended.then((how) => failed(`QEMU ${how}`));
  // Its connection breaks when QEMU ends, which says more.
  booted.catch(() => {});
  limit.run();
  try {
    const outcome = await Promise.race([
      booted.then(
        (value) => ({ value }),
        async () => failure,
      ),
      failure,
    ]);
    if (typeof outcome === 'object') return outcome.value;
    const said = machine.messages || machine.kernelConsole.lastLine();
    throw new CapsuleError(
      `The virtual machine does not boot: ${outcome}.${said ? ` Last words: ${said}` : ''}`,
    );
  } finally {
    limit.pause();
    signal.removeEventListener('abort', abort);
  }
}

/**
 * @returns the devices' state; the memory is in its file when QEMU has ended
 * @throws CapsuleError
 */
async function save(machine: QemuProcess, qmp: QmpClient, connections: Connection[]): Promise<Uint8Array> {
  for (const connection of connections) await connection.freeze();
  const output = collected(machine.stderr);
  try {
    await qmp.execute('stop', {}, SAVE_LIMIT_MS);
    await qmp.execute(
      'migrate-set-capabilities',
      { capabilities: [{ capability: 'x-ignore-shared', state: true }] },
      SAVE_LIMIT_MS,
    );
    await qmp.execute('migrate', { uri: STATE_TARGET }, SAVE_LIMIT_MS);
    await migrated(machine, qmp, SAVE_LIMIT_MS);
    await qmp.execute('quit', {}, SAVE_LIMIT_MS);
  } catch (cause) {
    if (cause instanceof CapsuleError) throw cause;
    throw new CapsuleError('The booted virtual machine could not be saved.', { cause });
  }
  await machine.ended;
  await Promise.all(connections.map((connection) => connection.closed));
  // Whatever QEMU complained about comes before; what comes after, the reader of the state does not look at.
  const state = await output;
  const begin = state.indexOf(STATE_MAGIC);
  if (begin < 0) throw new CapsuleError('The booted virtual machine was saved without its state.');
  return state.subarray(begin);
}

async function migrated(machine: QemuProcess, qmp: QmpClient, limitMs: number): Promise<void> {
  for (const until = performance.now() + limitMs; ; ) {
    const answer = await qmp.execute('query-migrate', {}, limitMs);
    const status = answer && typeof answer === 'object' && 'status' in answer ? answer.status : 'none';
    if (status === 'completed') return;
    if (status === 'failed' || performance.now() > until) {
      throw new CapsuleError(
        `The booted virtual machine could not be saved (${String(status)}). ${machine.messages}`,
        {
          cause: answer,
        },
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function collected(stream: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => pieces.push(chunk));
  await new Promise<void>((resolve) => stream.once('close', () => resolve()));
  return Buffer.concat(pieces);
}
