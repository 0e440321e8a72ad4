import { Mailbox, type SyntheticFolder, sink, synthetic, type Tree } from '../../../ninep/index.ts';

/** What the agent (appliance/guest/agent) is told to run. */
export interface GuestUnit {
  /** Path in the guest. */
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryBytes: number;
}

/** The program's end, as the agent's shell saw it. */
export interface GuestStatus {
  /** 128 + n: killed by signal n. */
  readonly exitStatus: number;
  readonly killedForMemory: boolean;
}

const PROCESSES = 64;
const OPEN_FILES = 1024;
/** Sparse or not: the quota bounds what is stored, this what a host's tools may have to read. */
export const LARGEST_FILE_GB = 4;

/** The agent reads one line of numbers; anything longer is not the agent. */
const MAX_STATUS_BYTES = 64;

/** Sets the variables, then becomes the program. */
const ENV = '/bin/env';

/** The work unit as the shell assignments the agent sources. */
export function unitScript(unit: GuestUnit): string {
  const variables = Object.entries(unit.environment).map(([name, value]) => `${name}=${value}`);
  const [program, args] =
    variables.length === 0 ? [unit.program, unit.args] : [ENV, [...variables, unit.program, ...unit.args]];
  return [
    `program=${shellQuoted(program)}`,
    `memory_bytes=${unit.memoryBytes}`,
    `processes=${PROCESSES}`,
    `open_files=${OPEN_FILES}`,
    `file_kb=${LARGEST_FILE_GB * 1024 * 1024}`,
    ['set --', ...args.map(shellQuoted)].join(' '),
    '',
  ].join('\n');
}

/** @throws RangeError for a text no shell can hold */
export function shellQuoted(text: string): string {
  if (text.includes('\0')) throw new RangeError('an argument holds a NUL character');
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** @returns null where it is not what the agent writes */
export function parseStatus(text: string): GuestStatus | null {
  const match = /^(\d{1,3}) (\d{1,9})\n$/.exec(text);
  return match ? { exitStatus: Number(match[1]), killedForMemory: Number(match[2]) > 0 } : null;
}

/** The host's side of /ctl for one machine. */
export class GuestControl {
  readonly tree: Tree;
  /** The agent waits for its first work unit: the machine has booted. */
  readonly waiting: Promise<void>;
  readonly status: Promise<GuestStatus | null>;
  /** The agent has read its work unit: the machine is alive. */
  readonly taken: Promise<void>;
  readonly #next = new Mailbox();

  /** @param onConsole takes a chunk of the program's output; while it waits the program is held back */
  constructor(onConsole: (data: Uint8Array, signal: AbortSignal) => Promise<void> | void) {
    let isWaiting = () => {};
    let hasTaken = () => {};
    let hasEnded: (status: GuestStatus | null) => void = () => {};
    this.waiting = new Promise((resolve) => {
      isWaiting = resolve;
    });
    this.taken = new Promise((resolve) => {
      hasTaken = resolve;
    });
    this.status = new Promise((resolve) => {
      hasEnded = resolve;
    });
    let text = '';
    const files: SyntheticFolder = {
      next: {
        mode: 0o400,
        size: async () => 0,
        open: async () => {
          let script: Uint8Array | null = null;
          return {
            read: async (offset, count, signal) => {
              isWaiting();
              script ??= (await this.#next.next(signal)) ?? new Uint8Array();
              // Asked for only after all of it has arrived.
              if (offset >= script.length) hasTaken();
              return script.subarray(offset, offset + count);
            },
          };
        },
      },
      console: sink(onConsole),
      status: sink((data) => {
        if (text.length <= MAX_STATUS_BYTES) text += Buffer.from(data).toString('latin1');
        if (text.includes('\n')) hasEnded(parseStatus(text));
      }),
    };
    this.tree = synthetic(files);
  }

  run(unit: GuestUnit): void {
    this.#next.push(unitScript(unit));
  }
}
