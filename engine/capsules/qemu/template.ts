import { chown, copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type Connection, memoryTree, serveStream, union } from '../../../ninep/index.ts';
import { CapsuleError } from '../capsule.ts';
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
  /** For the boot alone. */
  readonly timeLimitMs: number;
  readonly signal: AbortSignal;
}

/** Saving writes a few hundred kilobytes; a machine this slow is stuck. */
const SAVE_LIMIT_MS = 30_000;

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
      { accelerator: key.accelerator, memoryMb: key.memoryMb },
      { memoryPath, boot },
    );
    const control = new GuestControl(() => {});
    const software = serveStream(machine.software, { tree: emptySoftwareTree() });
    const tree = serveStream(machine.tree, {
      tree: union({ job: ownedByJob(memoryTree()), ctl: control.tree }),
    });
    try {
      const qmp = await QmpClient.connect(machine.qmp, options.timeLimitMs);
      await withinBoot(machine, control.waiting, options.timeLimitMs, signal);
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

async function withinBoot(
  machine: QemuProcess,
  waiting: Promise<void>,
  limitMs: number,
  signal: AbortSignal,
) {
  let timer: NodeJS.Timeout | undefined;
  let abort = () => {};
  const outcome = await Promise.race([
    waiting.then(() => 'waiting' as const),
    machine.ended.then((how) => `QEMU ${how}`),
    new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`no sign of life in ${limitMs / 1000} s`), limitMs);
    }),
    new Promise<string>((resolve) => {
      abort = () => resolve('given up');
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
    }),
  ]);
  clearTimeout(timer);
  signal.removeEventListener('abort', abort);
  if (outcome === 'waiting') return;
  const said = machine.messages || machine.kernelConsole.lastLine();
  throw new CapsuleError(
    `The virtual machine does not boot: ${outcome}.${said ? ` Last words: ${said}` : ''}`,
  );
}

/** @returns the devices' state; the memory is in its file when QEMU has ended */
async function save(machine: QemuProcess, qmp: QmpClient, connections: Connection[]): Promise<Uint8Array> {
  for (const connection of connections) await connection.freeze();
  await qmp.execute('stop');
  const output = collected(machine.stderr);
  await qmp.execute('migrate-set-capabilities', {
    capabilities: [{ capability: 'x-ignore-shared', state: true }],
  });
  await qmp.execute('migrate', { uri: STATE_TARGET });
  await migrated(machine, qmp, SAVE_LIMIT_MS);
  await qmp.execute('quit');
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
    const answer = await qmp.execute('query-migrate');
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
