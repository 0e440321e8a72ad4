import { lstat, mkdir, open, rm, stat, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Located } from '../../cvmfs/read/index.ts';
import type { Input } from '../command.ts';
import { CliError, EXIT, UsageError } from '../errors.ts';
import { clean } from '../terminal.ts';
import { count } from '../words.ts';
import { reach } from './look.ts';
import type { Session } from './session.ts';

const STEP_BYTES = 1024 * 1024;

/** A file, or with --recursive a folder, to this computer. Nothing that is there is written over. */
export async function copy(input: Input, session: Session, destination: string): Promise<number> {
  const from = await reach(session);
  if (from.entry.kind === 'directory' && !input.flag('recursive')) {
    throw new UsageError(
      `${session.show(from.path)} is a folder; --recursive copies it with all that is in it`,
    );
  }
  const into = await stat(destination).catch(() => null);
  const name = basename(session.show(from.path));
  const to = into?.isDirectory() ? join(destination, name) : destination;
  if (await lstat(to).catch(() => null)) throw new CliError(EXIT.failed, `${to} is there already`);
  const done = { files: 0, bytes: 0 };
  try {
    await copyOne(input, session, from, Buffer.from(to), done);
  } catch (error) {
    throw ofDisk(error) ? new CliError(EXIT.failed, error.message, { cause: error }) : error;
  }
  input.terminal.document({ to, ...done });
  input.terminal.say(`${clean(to)}: ${count(done.files)} files, ${count(done.bytes)} bytes`);
  return 0;
}

/** Paths are bytes here: names need not be UTF-8. Each is made new, so that no link can lead elsewhere. */
async function copyOne(
  input: Input,
  session: Session,
  { path, entry, catalog }: Located,
  to: Buffer,
  done: { files: number; bytes: number },
): Promise<void> {
  input.stopping.throwIfAborted();
  const { snapshot } = session.repository;
  if (entry.kind === 'directory') {
    await mkdir(to, 0o755);
    for (const child of await snapshot.list(path)) {
      await copyOne(
        input,
        session,
        child,
        Buffer.concat([to, Buffer.from(`/${child.entry.name}`, 'latin1')]),
        done,
      );
    }
  } else if (entry.kind === 'symlink') {
    await symlink(Buffer.from(snapshot.targetOf(entry), 'latin1'), to);
  } else if (entry.kind === 'file') {
    const content = await snapshot.openLocated({ path, entry, catalog });
    // Rights to run, but no others' rights: set-user-id bits stay behind.
    const file = await open(to, 'wx', (entry.mode & 0o777) | 0o600);
    try {
      for (let at = 0; at < entry.size; at += STEP_BYTES) {
        input.stopping.throwIfAborted();
        await file.writeFile(await content.read(at, STEP_BYTES));
      }
      await file.utimes(entry.mtime, entry.mtime);
    } catch (error) {
      // Half a file must not pass for one.
      await rm(to, { force: true });
      throw error;
    } finally {
      await file.close();
      await content.close();
    }
    done.files++;
    done.bytes += entry.size;
  } else {
    input.terminal.note(`${session.show(path)} is a special file and left out`);
  }
}

function ofDisk(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
