import {
  type CallName,
  type Calls,
  CLOCKS,
  EVENTTYPE,
  SIZEOF,
  SUBCLOCK_ABSTIME,
  WASI_ERRNO,
  WasiError,
} from './abi.ts';
import { CountedClock, type Machine, ProgramExit } from './machine.ts';

type Names = Exclude<CallName, `fd_${string}` | `path_${string}`>;

/** Status of a process that a signal ended, as shells show it. */
const SIGNALLED = 128;
const MAX_SUBSCRIPTIONS = 4096;

/** Arguments, time, chance and the end: all of them the same in every run. */
export function processCalls(machine: Machine): Calls<Names> {
  const { memory, clock } = machine;
  const args = machine.args.map((arg) => `${Buffer.from(arg, 'utf8').toString('latin1')}\0`);
  const noSockets = () => {
    throw new WasiError('NOTSOCK');
  };
  return {
    args_get: (pointers, text) => {
      let at = text;
      for (const [i, arg] of args.entries()) {
        memory.setU32(pointers + 4 * i, at);
        memory.bytes(at, arg.length);
        at += memory.setText(at, arg.length, arg);
      }
    },
    args_sizes_get: (count, bytes) => {
      memory.setU32(count, args.length);
      memory.setU32(
        bytes,
        args.reduce((sum, arg) => sum + arg.length, 0),
      );
    },
    environ_get: () => {},
    environ_sizes_get: (count, bytes) => {
      memory.setU32(count, 0);
      memory.setU32(bytes, 0);
    },
    clock_res_get: (id, result) => {
      if (id >= CLOCKS) throw new WasiError('INVAL');
      memory.setU64(result, CountedClock.resolutionNs);
    },
    clock_time_get: (id, _precision, result) => {
      if (id >= CLOCKS) throw new WasiError('INVAL');
      memory.setU64(result, clock.now(id));
    },
    random_get: (pointer, length) => machine.random.fill(memory.bytes(pointer, length)),
    sched_yield: () => {},
    poll_oneoff: (subscriptions, events, count, result) =>
      poll(machine, subscriptions, events, count, result),
    proc_exit: (status) => {
      throw new ProgramExit(status);
    },
    proc_raise: (signal) => {
      throw new ProgramExit(SIGNALLED + (signal & 0x7f));
    },
    sock_accept: noSockets,
    sock_recv: noSockets,
    sock_send: noSockets,
    sock_shutdown: noSockets,
  };
}

/**
 * Files and the console are always ready. Only when nothing but time is waited for does time pass, up to the first of
 * the moments waited for.
 *
 *     subscription  userdata:u64@0 tag:u8@8  clock: id:u32@16 timeout:u64@24 precision:u64@32 flags:u16@40
 *                                            fd_read, fd_write: fd:u32@16
 *     event         userdata:u64@0 error:u16@8 type:u8@10  nbytes:u64@16 flags:u16@24
 */
function poll(
  { memory, clock, descriptors }: Machine,
  from: number,
  to: number,
  count: number,
  result: number,
): void {
  if (count === 0 || count > MAX_SUBSCRIPTIONS) throw new WasiError('INVAL');
  // Read whole before anything is written: the two arrays may overlap.
  const subscriptions = Array.from({ length: count }, (_, i) => {
    const at = from + i * SIZEOF.SUBSCRIPTION;
    const subscription = {
      userdata: memory.u64(at),
      type: memory.u8(at + 8),
      subject: memory.u32(at + 16),
      timeout: memory.u64(at + 24),
      flags: memory.u16(at + 40),
    };
    memory.bytes(at, SIZEOF.SUBSCRIPTION);
    return subscription;
  });
  memory.bytes(to, count * SIZEOF.EVENT);
  const timers = subscriptions
    .filter(({ type }) => type === EVENTTYPE.CLOCK)
    .map((subscription) => {
      const { subject, timeout, flags } = subscription;
      if (subject >= CLOCKS) return { subscription, wait: 0n, errno: WASI_ERRNO.INVAL };
      const absolute = (flags & SUBCLOCK_ABSTIME) !== 0;
      const wait = absolute ? timeout - clock.now(subject) : timeout;
      return { subscription, wait: wait > 0n ? wait : 0n, errno: WASI_ERRNO.SUCCESS };
    });
  const others = subscriptions
    .filter(({ type }) => type !== EVENTTYPE.CLOCK)
    .map((subscription) => ({
      subscription,
      errno: readiness(descriptors, subscription.type, subscription.subject),
    }));
  const soonest = timers.map((timer) => timer.wait).sort((a, b) => (a < b ? -1 : 1))[0] ?? 0n;
  const wait = others.length > 0 ? 0n : soonest;
  clock.sleep(wait);
  const ready = [...others, ...timers.filter((timer) => timer.wait <= wait)];
  for (const [i, { subscription, errno }] of ready.entries()) {
    const at = to + i * SIZEOF.EVENT;
    memory.clear(at, SIZEOF.EVENT);
    memory.setU64(at, subscription.userdata);
    memory.setU16(at + 8, errno);
    memory.setU8(at + 10, subscription.type);
  }
  memory.setU32(result, ready.length);
}

function readiness(descriptors: Machine['descriptors'], type: number, fd: number): number {
  if (type !== EVENTTYPE.FD_READ && type !== EVENTTYPE.FD_WRITE) return WASI_ERRNO.INVAL;
  try {
    descriptors.get(fd);
    return WASI_ERRNO.SUCCESS;
  } catch (error) {
    if (error instanceof WasiError) return WASI_ERRNO[error.errno];
    throw error;
  }
}
