import { type ChildProcess, spawn } from 'node:child_process';
import { type FileHandle, open } from 'node:fs/promises';
import type { Duplex, Readable } from 'node:stream';
import { backgroundCommand, runInBackground } from '../background.ts';
import { CapsuleError } from '../capsule.ts';
import type { Guardian } from '../guardian.ts';
import { buildQemuArgs, FD, type QemuConfig } from './args.ts';
import { type ControlGroup, planControlGroup, removeControlGroup } from './cgroup.ts';
import type { Confinement } from './confinement.ts';
import type { QemuInstallation } from './install.ts';
import { Tail } from './kept-console.ts';
import { newProcessName, removeMark, writeMark } from './marks.ts';

/** QEMU itself beside its guest's memory: code, translated code, buffers. */
const OWN_MEMORY_MB = 256;

const DRAIN_LIMIT_MS = 1000;

export interface QemuHost {
  readonly installation: QemuInstallation;
  readonly confinement: Confinement;
  readonly guardian: Guardian;
  /** EngineFiles.run */
  readonly runFolder: string;
}

/** What QEMU opens by itself; the engine opens it first and passes the descriptor, since QEMU's user may not reach it. */
export interface QemuFilesToOpen {
  /** To be mapped; opened for writing. */
  readonly memoryPath: string;
  readonly boot?: { readonly kernelPath: string; readonly initrdPath: string };
}

/**
 * A running QEMU. Its sockets are inherited pairs: nothing in the file system, nobody else can connect, and they end with
 * either side.
 */
export class QemuProcess {
  readonly name: string;
  readonly pid: number;
  /** Resolves when it has ended and its traces are removed, with how: for a person, to end a sentence with. */
  readonly ended: Promise<string>;
  readonly kernelConsole = new Tail();
  readonly #child: ChildProcess;
  readonly #messages = new Tail();
  #hasEnded = false;

  /**
   * @param slotId names it for people
   * @throws CapsuleError where it cannot be started
   */
  static async start(
    host: QemuHost,
    slotId: string,
    config: Pick<QemuConfig, 'accelerator' | 'memoryMb' | 'restrictNetwork'>,
    files: QemuFilesToOpen,
  ): Promise<QemuProcess> {
    const name = newProcessName(slotId);
    const opened: FileHandle[] = [];
    const pass = async (path: string, flags: 'r' | 'r+') => {
      // /proc/self/fd opens the file anew, by its own permissions and not its folders'.
      if (process.platform !== 'linux') return path;
      opened.push(await open(path, flags));
      return `/proc/self/fd/${FD.files + opened.length - 1}`;
    };
    try {
      const memoryPath = await pass(files.memoryPath, 'r+');
      const start = files.boot
        ? {
            kernelPath: await pass(files.boot.kernelPath, 'r'),
            initrdPath: await pass(files.boot.initrdPath, 'r'),
          }
        : 'incoming';
      const group = planControlGroup(name);
      await writeMark(host.runFolder, { name, controlGroups: [...(group?.folders ?? [])] });
      const args = buildQemuArgs({ ...config, name, memoryPath, start }, host.installation);
      const line = [...host.confinement.prefix, host.installation.command, ...args];
      const { command, args: rest } = await backgroundCommand(line[0] ?? '', line.slice(1));
      const child = spawn(command, rest, {
        stdio: ['ignore', 'ignore', 'pipe', ...sockets(), ...opened.map((file) => file.fd)],
        detached: true,
        cwd: '/',
        env: { PATH: process.env.PATH ?? '' },
      });
      const failed = new Promise<Error>((resolve) => child.once('error', resolve));
      if (child.pid === undefined) throw await failed;
      return new QemuProcess(host, name, child.pid, child, config.memoryMb, group);
    } catch (cause) {
      await removeMark(host.runFolder, name);
      throw new CapsuleError('QEMU could not be started.', { cause });
    } finally {
      for (const file of opened) await file.close();
    }
  }

  private constructor(
    host: QemuHost,
    name: string,
    pid: number,
    child: ChildProcess,
    memoryMb: number,
    group: ControlGroup | null,
  ) {
    this.name = name;
    this.pid = pid;
    this.#child = child;
    host.guardian.add(pid);
    runInBackground(pid);
    group?.join(pid, (memoryMb + OWN_MEMORY_MB) * 1024 * 1024);
    child.stderr?.on('data', (chunk: Buffer) => this.#messages.push(chunk));
    this.#socket(FD.console).on('data', (chunk: Buffer) => this.kernelConsole.push(chunk));
    for (const fd of [FD.software, FD.tree, FD.console, FD.state]) this.#socket(fd).on('error', () => {});
    this.ended = this.#end(host, group);
  }

  get qmp(): Duplex {
    return this.#socket(FD.qmp);
  }
  get software(): Duplex {
    return this.#socket(FD.software);
  }
  get tree(): Duplex {
    return this.#socket(FD.tree);
  }
  get stderr(): Readable {
    const { stderr } = this.#child;
    if (!stderr) throw new Error('stderr is a pipe');
    return stderr;
  }
  get state(): Duplex {
    return this.#socket(FD.state);
  }
  /** What QEMU complained about. */
  get messages(): string {
    return this.#messages.text().trim();
  }
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** SIGSTOP, SIGCONT: to the process alone; does nothing once it has ended. */
  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    if (!this.#hasEnded) this.#child.kill(signal);
  }

  /** Ends it at once; resolves when nothing of it is left. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }

  async #end(host: QemuHost, group: ControlGroup | null): Promise<string> {
    const child = this.#child;
    const how = await new Promise<string>((resolve) => {
      child.once('exit', (status, signal) => {
        this.#hasEnded = true;
        host.guardian.delete(this.pid);
        resolve(signal ? `was killed (${signal})` : `ended (exit status ${status})`);
      });
    });
    await drained(child);
    if (group) removeControlGroup(group.folders);
    await removeMark(host.runFolder, this.name);
    return how;
  }

  #socket(fd: number): Duplex {
    // Node's "pipe" beyond stderr is a connected Unix stream socket (child_process, options.stdio).
    return this.#child.stdio[fd as 3] as unknown as Duplex & Readable;
  }
}

/** What QEMU wrote last is still on its way: read to the end, which comes at once, then let go. */
async function drained(child: ChildProcess): Promise<void> {
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  for (const stream of child.stdio) if (stream && 'resume' in stream) stream.resume();
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, DRAIN_LIMIT_MS);
  });
  await Promise.race([closed, enough]);
  clearTimeout(timer);
  for (const stream of child.stdio) stream?.destroy();
}

function sockets(): 'pipe'[] {
  return Array.from({ length: FD.files - FD.qmp }, () => 'pipe');
}
