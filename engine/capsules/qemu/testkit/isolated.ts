/**
 * `unshare --net node isolated.ts FOLDER PROGRAM`: the engine's side in a network name space of its own, with listeners
 * on the host's own addresses and a machine outside. Runs PROGRAM (reach.c) in machines of several kinds and prints
 * what each reached and what the listeners saw, as JSON.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { makeLogger } from '../../../../platform/log.ts';
import { qemuDriver, type Surroundings } from '../driver.ts';
import { brokenOutAppliance } from './broken-out.ts';
import { filesIn, makeDriver } from './driver.ts';
import { listenEverywhere } from './listeners.ts';
import { runProgram } from './run.ts';

export interface Findings {
  /** Lines of reach.c. */
  readonly reached: string[];
  readonly unreached: string[];
  readonly hostSaw: string[];
  readonly outsideSaw: string[];
  readonly otherGuestSaw: string[];
}

const [folder = '', program = ''] = process.argv.slice(2);
const PORT = '7777';
const HOST = '198.51.100.1';
const OUTSIDE = '198.51.100.7';
/** How slirp's guests know the host and its loopback. */
const GATEWAY = '10.0.2.2';
const OTHER_GUEST = '10.0.2.16';
const NINEP = '10.0.2.100';
const targets = [
  ...['tcp', 'udp'].flatMap((kind) =>
    [OUTSIDE, HOST, GATEWAY, OTHER_GUEST].flatMap((address) => [kind, address, PORT]),
  ),
  ...['icmp', OUTSIDE, '0'],
];
/** Whoever has these two has the guest's own file tree; a second connection there takes the first one's place. */
const ninep = ['tcp', NINEP, '5640', 'tcp', NINEP, '5641'];
const log = makeLogger('isolated');
const hostSaw: string[] = [];
const outsideSaw: string[] = [];

function run(command: string): void {
  const [name = '', ...args] = command.split(' ');
  execFileSync(name, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

async function startOutside(): Promise<() => void> {
  const script = fileURLToPath(new URL('./outside.ts', import.meta.url));
  const child = spawn('unshare', ['--net', process.execPath, script, PORT], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      if (line === 'listening') resolve();
      else outsideSaw.push(line);
    });
  });
  run('ip link set lo up');
  run(`ip link add cable type veth peer name cable netns ${child.pid}`);
  run(`ip address add ${HOST}/24 dev cable`);
  run('ip link set cable up');
  run(`nsenter -t ${child.pid} -n ip address add ${OUTSIDE}/24 dev cable`);
  run(`nsenter -t ${child.pid} -n ip link set cable up`);
  return () => child.stdin.end();
}

async function findings(end: Promise<{ console: string }>, otherGuest = () => ''): Promise<Findings> {
  hostSaw.length = 0;
  outsideSaw.length = 0;
  const lines = (await end).console.trimEnd().split(/\r?\n/).sort();
  return {
    reached: lines.filter((line) => line.endsWith(' reached')),
    unreached: lines.filter((line) => line.endsWith(' unreached')),
    hostSaw: [...hostSaw],
    outsideSaw: [...outsideSaw],
    otherGuestSaw: otherGuest()
      .split('\n')
      .filter((line) => line.startsWith('seen')),
  };
}

async function brokenOut(name: string, surroundings: Partial<Surroundings>): Promise<Findings> {
  mkdirSync(join(folder, name));
  const driver = qemuDriver({
    files: filesIn(join(folder, name)),
    appliance: await brokenOutAppliance(join(folder, name)),
    log,
    surroundings,
  });
  try {
    const stop = new AbortController();
    let text = '';
    const other = runProgram(driver, {
      program,
      args: ['listen', OTHER_GUEST, PORT],
      slotId: 'other',
      signal: stop.signal,
      onConsole: (chunk) => {
        text += chunk;
      },
    });
    while (!text.includes('listening')) await new Promise((resolve) => setTimeout(resolve, 20));
    const found = await findings(runProgram(driver, { program, args: targets }), () => text);
    stop.abort();
    await other;
    return found;
  } finally {
    await driver.close();
  }
}

// QEMU's user may ping, so that a guest that could would be seen to.
writeFileSync('/proc/sys/net/ipv4/ping_group_range', '0 2147483647');
const stopOutside = await startOutside();
await listenEverywhere(Number(PORT), (how) => hostSaw.push(`seen ${how}`));
const stock = await makeDriver({ folder, log });
const results: Record<'stock' | 'brokenOut' | 'brokenOutAndOpen', Findings> = {
  stock: await findings(runProgram(stock, { program, args: [...targets, ...ninep] })),
  brokenOut: await brokenOut('restricted', {}),
  brokenOutAndOpen: await brokenOut('open', { restrictNetwork: false }),
};
await stock.close();
stopOutside();
console.log(JSON.stringify(results));
process.exit();
