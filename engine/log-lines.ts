import { open } from 'node:fs/promises';
import { z } from 'zod';
import type { LogLine, LogQuery } from '../protocol/engine-api.ts';
import { Json } from '../protocol/primitives.ts';

const LEVELS = { debug: 20, info: 30, warn: 40, error: 50 } as const;
const CHUNK_BYTES = 256 * 1024;
/** Further back nobody looks; a log is begun anew before it is as long. */
const MOST_BYTES = 16 * 1024 * 1024;

/** As pino writes it. */
const PinoLine = z.looseObject({ level: z.number(), time: z.number(), msg: z.string().default('') });

export interface LogWish extends Pick<LogQuery, 'limit' | 'level'> {
  /** Only lines of these units or leases; null: all. */
  readonly ids: ReadonlySet<string> | null;
}

/**
 * The last lines of the engine's log that are wished for, oldest first. Read from the end, so that a long log costs no
 * more than a short one; a line that is cut or garbled is left out.
 * @param clean takes secrets out of a line's text
 */
export async function readLog(
  path: string,
  wish: LogWish,
  clean: (text: string) => string,
): Promise<LogLine[]> {
  const found: LogLine[] = [];
  for await (const text of linesFromEnd(path)) {
    const line = parseLine(clean(text), wish);
    if (line) found.push(line);
    if (found.length >= wish.limit) break;
  }
  return found.reverse();
}

function parseLine(text: string, { level, ids }: LogWish): LogLine | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = PinoLine.safeParse(json);
  if (!parsed.success || parsed.data.level < LEVELS[level]) return null;
  const { level: number, time, msg, pid: _pid, hostname: _host, name: _name, ...rest } = parsed.data;
  const details = z.record(z.string(), Json).safeParse(rest).data ?? {};
  const own = [details.unit, details.lease].filter((id) => typeof id === 'string');
  if (ids && !own.some((id) => ids.has(id))) return null;
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return null;
  return { at: at.toISOString(), level: wordFor(number), message: msg, unit: own[0] ?? null, details };
}

function wordFor(number: number): LogLine['level'] {
  if (number >= LEVELS.error) return 'error';
  if (number >= LEVELS.warn) return 'warn';
  return number >= LEVELS.info ? 'info' : 'debug';
}

async function* linesFromEnd(path: string): AsyncIterable<string> {
  const file = await open(path, 'r').catch(() => null);
  if (!file) return;
  try {
    const { size } = await file.stat();
    let rest: Buffer<ArrayBufferLike> = Buffer.alloc(0);
    for (let end = size; end > Math.max(0, size - MOST_BYTES); ) {
      const from = Math.max(0, end - CHUNK_BYTES);
      const chunk = Buffer.alloc(end - from);
      await file.read(chunk, 0, chunk.length, from);
      end = from;
      const bytes = Buffer.concat([chunk, rest]);
      // What stands before the first line end may begin further ahead.
      const first = from === 0 ? -1 : bytes.indexOf(10);
      rest = from === 0 ? Buffer.alloc(0) : bytes.subarray(0, first < 0 ? bytes.length : first + 1);
      if (from > 0 && first < 0) continue;
      const lines = bytes
        .subarray(first + 1)
        .toString('utf8')
        .split('\n');
      for (const line of lines.reverse()) if (line !== '') yield line;
    }
  } finally {
    await file.close();
  }
}
