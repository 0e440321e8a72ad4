import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type CpioEntry, writeCpio } from '../../appliance/cpio.ts';
import { buildQemuArgs } from '../../engine/capsules/qemu/args.ts';
import { Mailbox, type SyntheticFile, serve9p, sink, synthetic } from '../index.ts';

const APPLIANCE = fileURLToPath(new URL('../../build/appliance/', import.meta.url));
const QEMU = 'qemu-system-x86_64';
const MEMORY_MB = 256;
const CONTROL_PORT = 5640;
const HOST_ADDRESS = '10.0.2.100';

/** Boots under TCG on a busy machine; far beyond what it takes anywhere. */
const BOOT_LIMIT_MS = 120_000;

/** Process 1: brings the network up, mounts what the host serves at /ctl, runs the scripts that come from there. */
const INIT = `#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t tmpfs tmp /tmp
while read -r module; do insmod "/modules/$module.ko"; done < /modules/order
ip link set lo up
ip address add 10.0.2.15/24 dev eth0
ip link set eth0 up
mount -t 9p -o trans=tcp,port=${CONTROL_PORT},version=9p2000.L,msize=131072,access=any,cache=none ${HOST_ADDRESS} /ctl
while cat /ctl/next > /script && [ -s /script ]; do
  sh /script > /ctl/output 2>&1
  echo "$?" > /ctl/status
done
`;

/**
 * What is missing for a guest to run here, or null.
 * @param programs needed besides
 */
export function whyNoGuest(...programs: readonly string[]): string | null {
  if (process.platform !== 'linux') return 'runs on Linux only';
  if (!existsSync(join(APPLIANCE, 'initrd'))) return 'build/appliance is not built (node appliance/build.ts)';
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];
  const isThere = (name: string) => folders.some((folder) => existsSync(join(folder, name)));
  const missing = [QEMU, 'setpriv', ...programs].find((name) => !isThere(name));
  return missing ? `${missing} is not installed` : null;
}

export interface GuestOptions {
  /** 9P servers on Unix sockets of the host, by the port under which the guest reaches them (see mountOptions). */
  readonly servers: Readonly<Record<number, string>>;
  /** Programs and empty folders beside what the appliance has. */
  readonly files?: readonly CpioEntry[];
}

export interface ScriptResult {
  readonly status: number;
  /** stdout and stderr. */
  readonly output: string;
}

export interface Guest {
  /** Runs a shell script in the guest, as root. */
  run(script: string): Promise<ScriptResult>;
  close(): Promise<void>;
}

/** Arguments of mount(8) for the server behind that port. */
export function mountArguments(port: number, options: string): string {
  return `-t 9p -o trans=tcp,port=${port},version=9p2000.L,${options} ${HOST_ADDRESS}`;
}

/**
 * The micro appliance with an init of our own, under TCG: the same kernel, modules and way to the host that the
 * product has, but the guest's shell does what the caller says.
 */
export async function bootGuest(options: GuestOptions): Promise<Guest> {
  const folder = await mkdtemp(join(tmpdir(), 'ninep-guest-'));
  const scripts = new Mailbox();
  let take: (result: ScriptResult) => void = () => {};
  let output: Buffer[] = [];
  const control = await serve9p({
    socketPath: join(folder, 'control'),
    tree: synthetic({
      next: oneMessage(scripts),
      output: sink((data) => {
        output.push(Buffer.from(data));
      }),
      status: sink((data) => {
        const text = Buffer.concat(output).toString('latin1');
        output = [];
        take({ status: Number(Buffer.from(data).toString()), output: text });
      }),
    }),
  });
  const machine = await startMachine(
    folder,
    { ...options.servers, [CONTROL_PORT]: control.socketPath },
    options,
  );
  let deadline: NodeJS.Timeout | undefined;
  const close = async () => {
    clearTimeout(deadline);
    await machine.kill();
    await control.close();
    await rm(folder, { recursive: true, force: true });
  };
  const run = async (script: string): Promise<ScriptResult> => {
    const result = new Promise<ScriptResult>((resolve) => {
      take = resolve;
    });
    scripts.push(script);
    return Promise.race([result, machine.lost]);
  };
  try {
    const late = new Promise<never>((_resolve, reject) => {
      deadline = setTimeout(
        () => reject(new Error(`the guest does not boot:\n${machine.console()}`)),
        BOOT_LIMIT_MS,
      );
    });
    await Promise.race([run('true\n'), late]);
    clearTimeout(deadline);
    return { run, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Each opening waits for one message and ends after it, so that `cat` does. */
function oneMessage(from: Mailbox): SyntheticFile {
  return {
    mode: 0o400,
    size: async () => 0,
    open: async () => {
      let message: Uint8Array | null = null;
      return {
        read: async (offset, count, signal) => {
          message ??= (await from.next(signal)) ?? new Uint8Array();
          return message.subarray(offset, offset + count);
        },
      };
    },
  };
}

interface Machine {
  console(): string;
  /** Rejects when QEMU ends by itself. */
  readonly lost: Promise<never>;
  kill(): Promise<void>;
}

async function startMachine(
  folder: string,
  servers: Readonly<Record<number, string>>,
  { files = [] }: GuestOptions,
): Promise<Machine> {
  const initrd = join(folder, 'initrd');
  const extra = writeCpio([
    { kind: 'directory', path: 'ctl', mode: 0o755 },
    ...files,
    { kind: 'file', path: 'init', mode: 0o755, data: Buffer.from(INIT) },
  ]);
  // Archives one after the other are unpacked one over the other.
  await writeFile(
    initrd,
    Buffer.concat([await readFile(join(APPLIANCE, 'initrd')), gzipSync(extra, { level: 1 })]),
  );
  const forwards = Object.keys(servers).map(
    (port) => `,guestfwd=tcp:${HOST_ADDRESS}:${port}-chardev:port${port}`,
  );
  // Machine, processor and kernel line are the product's.
  const product = buildQemuArgs(
    {
      name: 'ninep-guest',
      accelerator: 'tcg',
      memoryMb: MEMORY_MB,
      memoryPath: '',
      start: { kernelPath: join(APPLIANCE, 'kernel'), initrdPath: initrd },
    },
    { version: [7, 2], sandbox: false },
  );
  const same = (option: string) => [option, product[product.indexOf(option) + 1] ?? ''];
  // The guest must not outlive us, however we end.
  const child = spawn('setpriv', [
    ...['--pdeathsig', 'KILL', QEMU, '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-machine', 'pc,usb=off,vmport=off,smbus=off', '-m', `${MEMORY_MB}M`, '-smp', '1'],
    ...['-accel', '-cpu', '-kernel', '-initrd', '-append'].flatMap(same),
    ...['-serial', 'stdio'],
    ...Object.entries(servers).flatMap(([port, path]) => ['-chardev', `socket,id=port${port},path=${path}`]),
    ...['-netdev', `user,id=net,restrict=on,ipv6=off${forwards.join('')}`],
    ...['-device', 'virtio-net-pci,netdev=net,romfile='],
  ]);
  let text = '';
  for (const output of [child.stdout, child.stderr]) {
    output.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString('latin1')).slice(-4096);
    });
  }
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (status, signal) => resolve(`QEMU ended (${signal ?? status})`));
  });
  const lost = ended.then((how): never => {
    throw new Error(`${how}:\n${text}`);
  });
  // Whoever waits for the guest gets it; at the end nobody does.
  lost.catch(() => {});
  return { console: () => text, lost, kill: () => killed(child, ended) };
}

async function killed(child: ChildProcess, ended: Promise<string>): Promise<void> {
  child.kill('SIGKILL');
  await ended;
}
