import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bus } from '../../../electron/tray/dbus/bus.ts';
import { TYPE } from '../../../electron/tray/dbus/message.ts';
import { WATCHER } from '../../../electron/tray/host.ts';

/** A desktop session of the test's own: a display and a session bus, with or without a panel that shows tray icons. */
export interface Desktop {
  readonly env: { readonly DISPLAY: string; readonly DBUS_SESSION_BUS_ADDRESS: string };
  panel(): Promise<Panel>;
  close(): Promise<void>;
}

export interface Panel {
  /** Icons that were put into it by whoever did so last: an app that had to be started again has left one. */
  readonly icons: () => number;
  /** The panel's process ends. */
  end(): void;
}

const READY_WITHIN_MS = 10_000;

export async function openDesktop(): Promise<Desktop> {
  const folder = await mkdtemp(join(tmpdir(), 'bt-desk-'));
  const display = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const number = await firstLine(display, display.stdio[3]);
  const socket = join(folder, 'bus');
  // Only what a session bus needs: no services are started by it.
  await writeFile(
    join(folder, 'bus.conf'),
    `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=${socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`,
  );
  const bus = spawn(
    'dbus-daemon',
    [`--config-file=${join(folder, 'bus.conf')}`, '--nofork', '--print-address=1'],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  const address = await firstLine(bus, bus.stdout);
  return {
    env: { DISPLAY: `:${number}`, DBUS_SESSION_BUS_ADDRESS: address },
    panel: () => startPanel(address),
    async close() {
      await Promise.all([ended(display), ended(bus)]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What a panel is to tray icons: it owns the watcher's name, says that it shows icons, and takes them. */
async function startPanel(address: string): Promise<Panel> {
  const bus = await Bus.connect(address, process.getuid?.() ?? 0);
  let icons = 0;
  let whose: string | undefined;
  bus.listen((message) => {
    if (message.type !== TYPE.call) return;
    if (message.member === 'RegisterStatusNotifierItem') {
      icons = message.sender === whose ? icons + 1 : 1;
      whose = message.sender;
    }
    // IsStatusNotifierHostRegistered is the one property that is asked for.
    if (message.member === 'Get') bus.answer(message, 'v', [true]);
    else bus.answer(message, '', []);
  });
  await bus.ask('RequestName', 'su', [WATCHER, 0]);
  return { icons: () => icons, end: () => bus.close() };
}

function firstLine(child: ChildProcess, stream: unknown): Promise<string> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${child.spawnfile} is not ready`)), READY_WITHIN_MS);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${child.spawnfile} ended with ${code}`)));
    if (!(stream instanceof Object && 'on' in stream && typeof stream.on === 'function')) return;
    stream.on('data', (chunk: Buffer) => {
      clearTimeout(late);
      resolve(chunk.toString().split('\n')[0] ?? '');
    });
  });
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    if (!child.kill('SIGTERM')) resolve();
  });
}
