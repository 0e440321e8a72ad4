import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writevSync } from 'node:fs';
import type { Tree } from '../ninep/tree.ts';
import { splitFrames } from './requests.ts';
import { Session } from './session.ts';

/** As /proc/mounts shows it. */
export const FUSE_TYPE = 'fuse.beamtime';

/** dd reads one request at a time, and the kernel refuses less than 8 KiB; nothing is written, so all are short. */
const READER = ['dd', ['bs=64k']] as const;

export interface FuseMount {
  /** Resolves when it is no longer mounted, whoever has unmounted it. */
  readonly closed: Promise<void>;
  /** Where somebody is still in it, what they do there fails from then on. */
  unmount(): Promise<void>;
}

/** What mount(8) or the kernel had against it. */
export class MountError extends Error {
  override readonly name = 'MountError';
}

/**
 * Mounts a tree that never changes, read-only; as root.
 * @param source what /proc/mounts shows before the mountpoint
 * @param onError told of defects; the kernel hears EIO
 * @throws MountError
 */
export async function mountTree(
  tree: Tree,
  mountpoint: string,
  source: string,
  onError: (error: unknown) => void,
): Promise<FuseMount> {
  const session = new Session(tree, onError);
  const device = openDevice();
  try {
    await mount(device, mountpoint, source);
  } catch (error) {
    closeSync(device);
    throw error;
  }
  let isMounted = true;
  const closed = serve(device, session, onError).then(async ({ isMounted: still }) => {
    closeSync(device);
    if (still) await run('umount', ['-l', mountpoint]).catch(onError);
    isMounted = false;
    session.close();
  });
  const unmount = async () => {
    if (!isMounted) return;
    // -l: also where somebody is in it; -f: the kernel ends the connection, or we would wait for its last word for ever.
    await run('umount', [mountpoint]).catch(() => run('umount', ['-l', '-f', mountpoint]));
    await closed;
  };
  const gone = new Error('Linux asked for nothing, or dd could not be run');
  const problem = await Promise.race([session.begun, closed.then(() => gone)]);
  if (problem) {
    await unmount();
    throw new MountError(problem.message);
  }
  return { closed, unmount };
}

function openDevice(): number {
  try {
    return openSync('/dev/fuse', 'r+');
  } catch (cause) {
    throw new MountError(`/dev/fuse: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/** The kernel takes the device as number 3 of who calls mount(2); -i: mount(8) itself does so, not a helper. */
async function mount(device: number, mountpoint: string, source: string): Promise<void> {
  const options = 'fd=3,rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions,ro,nosuid,nodev';
  const child = spawn('mount', ['-i', '-t', FUSE_TYPE, '-o', options, source, mountpoint], {
    stdio: ['ignore', 'ignore', 'pipe', device],
  });
  let said = '';
  child.stderr?.on('data', (text) => {
    said += text;
  });
  const [code] = await once(child, 'close').catch((cause) => {
    throw new MountError(`mount: ${cause.message}`, { cause });
  });
  if (code !== 0) throw new MountError(said.trim().replaceAll(/\s+/g, ' ') || `mount ended with ${code}`);
}

function run(program: string, args: readonly string[]): Promise<void> {
  return new Promise((done, reject) => {
    execFile(program, args, (cause, _, stderr) => {
      if (!cause) done();
      else reject(new MountError(stderr.trim().replaceAll(/\s+/g, ' ') || cause.message, { cause }));
    });
  });
}

/**
 * Answers until it is unmounted. dd waits for requests and gives them to a pipe: Node can wait for a pipe, but for the
 * device only with a thread of its pool, which costs as much again as the whole answer (docs/decisions/0021).
 * @returns whether it is mounted still: dd ends with 1 when reading fails, as it does once it is unmounted
 */
function serve(
  device: number,
  session: Session,
  onError: (error: unknown) => void,
): Promise<{ readonly isMounted: boolean }> {
  // In a session of its own: Ctrl-C in a terminal is for us, and unmounting needs its service.
  const reader = spawn(...READER, { stdio: [device, 'pipe', 'ignore'], detached: true });
  reader.on('error', onError);
  let rest: Buffer = Buffer.alloc(0);
  reader.stdout?.on('data', (data: Buffer) => {
    try {
      const cut = splitFrames(rest.length > 0 ? Buffer.concat([rest, data]) : data);
      for (const frame of cut.frames) session.answer(frame).then(write, onError);
      rest = cut.rest;
    } catch (error) {
      onError(error);
      reader.kill();
    }
  });
  let isOpen = true;
  return new Promise((ended) =>
    reader.on('close', (code) => {
      isOpen = false;
      ended({ isMounted: code !== 1 });
    }),
  );

  function write(frame: readonly Uint8Array[] | null): void {
    try {
      // Afterwards its number may be another file's.
      if (frame && isOpen) writevSync(device, frame);
    } catch (error) {
      // Nobody waits for it any more, or nothing is mounted.
      if (!GONE.has((error as NodeJS.ErrnoException).code ?? '')) onError(error);
    }
  }
}

const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENODEV']);
