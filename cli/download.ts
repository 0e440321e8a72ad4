import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { API_PREFIX, ApiError } from '../protocol/project-api.ts';
import { type Api, ApiRefusal } from './api.ts';
import { CliError, EXIT, NotRunningError } from './errors.ts';

/** A project that sends nothing for so long is not going on. */
const SILENCE_MS = 60_000;

/**
 * Takes a file of any size as it comes. It has its name only once it is whole.
 * @returns its bytes
 * @throws NotRunningError, ApiRefusal; CliError where the answer breaks off or cannot be written
 */
export async function download(api: Api, path: string, file: string, stopping: AbortSignal): Promise<number> {
  const silence = new AbortController();
  const timer = setTimeout(
    () => silence.abort(new Error(`nothing came for ${SILENCE_MS / 1000} s`)),
    SILENCE_MS,
  );
  const beside = `${file}.${randomBytes(6).toString('hex')}.new`;
  let bytes = 0;
  try {
    const body = await begin(api, path, AbortSignal.any([silence.signal, stopping]));
    const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        timer.refresh();
        bytes += chunk.length;
        yield chunk;
      }
    };
    await pipeline(body, counted, createWriteStream(beside, { flags: 'wx', flush: true })).catch((cause) => {
      throw new CliError(EXIT.failed, broken(api, file, bytes, cause), { cause });
    });
    await rename(beside, file).catch((cause: Error) => {
      throw new CliError(EXIT.failed, `cannot write ${file}: ${cause.message}`, { cause });
    });
    return bytes;
  } finally {
    clearTimeout(timer);
    await rm(beside, { force: true });
  }
}

async function begin(api: Api, path: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  let answer: Response;
  try {
    answer = await fetch(`${api.url}${API_PREFIX}${path}`, { signal });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new NotRunningError(`${api.who} at ${api.url} does not answer (${why}); ${api.remedy}`, { cause });
  }
  if (answer.ok && answer.body) return answer.body;
  const told = ApiError.safeParse(await answer.json().catch(() => null));
  if (!told.success) throw new ApiRefusal(answer.status, `${api.who} answered ${answer.status}`, null);
  throw new ApiRefusal(answer.status, told.data.error.message, told.data.error.place);
}

/** A stream's error tells by its code whether it was our disk. */
function broken(api: Api, file: string, bytes: number, cause: NodeJS.ErrnoException): string {
  return cause.syscall === 'open' || cause.syscall === 'write' || cause.syscall === 'fsync'
    ? `cannot write ${file}: ${cause.message}`
    : `${api.who} broke off after ${bytes} bytes, so nothing was kept (${cause.message}); try again, and tell its staff if it does so again`;
}
