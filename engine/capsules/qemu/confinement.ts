import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Who QEMU is when the engine is root: a number that no account has (systemd's range for dynamic users). */
export const UNPRIVILEGED_ID = 61_984;

export interface Confinement {
  /** Commands that each set something and then become the next; QEMU comes last, under the same process id. */
  readonly prefix: readonly string[];
  /** The user QEMU gets; null where it stays the engine's. */
  readonly userId: number | null;
}

/** Descriptors: sockets, memory, translation threads; QEMU uses about 30. */
const LIMITS = ['--core=0', '--nofile=128', '--fsize=0', '--memlock=65536'];

/**
 * What util-linux offers here. Linux only; elsewhere the priority and the sandbox of the system remain.
 * --fsize=0: QEMU writes no files (its memory is mapped, which this limit does not count).
 * @param kvmGroup group that may use /dev/kvm, where QEMU would lose that with its user
 */
export async function confinement(kvmGroup: number | null = null): Promise<Confinement> {
  if (process.platform !== 'linux') return { prefix: [], userId: null };
  const prefix: string[] = [];
  const isRoot = process.getuid?.() === 0;
  let userId: number | null = null;
  if (await works('prlimit', ['--core=0', 'true'])) prefix.push('prlimit', ...LIMITS);
  const death = ['--pdeathsig', 'KILL'];
  if (isRoot) {
    const id = String(UNPRIVILEGED_ID);
    const groups = kvmGroup === null ? ['--clear-groups'] : ['--groups', String(kvmGroup)];
    const user = [
      '--reuid',
      id,
      '--regid',
      id,
      ...groups,
      '--bounding-set=-all',
      '--inh-caps=-all',
      '--no-new-privs',
    ];
    if (await works('setpriv', [...user, ...death, 'true'])) {
      prefix.push('setpriv', ...user, ...death);
      userId = UNPRIVILEGED_ID;
    }
  } else if (await works('setpriv', ['--no-new-privs', ...death, 'true'])) {
    prefix.push('setpriv', '--no-new-privs', ...death);
  }
  return { prefix, userId };
}

const known = new Map<string, Promise<boolean>>();

function works(command: string, args: readonly string[]): Promise<boolean> {
  const key = [command, ...args].join(' ');
  const answer =
    known.get(key) ??
    run(command, args, { timeout: 5000 }).then(
      () => true,
      () => false,
    );
  known.set(key, answer);
  return answer;
}
