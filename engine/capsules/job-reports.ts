import type { Tree } from '../../ninep/tree.ts';
import { observed } from '../../ninep/trees/index.ts';
import { LIVE, PROGRESS, parseProgress } from '../../protocol/work-unit.ts';
import type { UnitRun } from './capsule.ts';

/** Longest line of `live` that is passed on, and most lines in a second: people look at it, nothing depends on it. */
const MAX_LIVE_BYTES = 64 * 1024;
const MAX_LIVE_PER_SECOND = 20;
/** "DONE TOTAL" is at most 31 bytes. */
const MAX_PROGRESS_BYTES = 64;

/**
 * The unit's job tree, telling onProgress and onLive of what the program appends to `progress` and `live`. Lines
 * that are no progress are the program's own affair; too many or too long live lines are dropped.
 * @param now milliseconds, monotonic
 */
export function reportingJob(
  unit: Pick<UnitRun, 'job' | 'onProgress' | 'onLive'>,
  now: () => number = () => performance.now(),
): Tree {
  const progress = new LineSplitter(MAX_PROGRESS_BYTES);
  const live = new LineSplitter(MAX_LIVE_BYTES);
  let secondStarted = Number.NEGATIVE_INFINITY;
  let linesInSecond = 0;
  return observed(unit.job, (path, _offset, data) => {
    if (path === PROGRESS) {
      const reports = progress.push(data).map((line) => parseProgress(`${line}\n`));
      const last = reports.findLast((report) => report !== null);
      if (last) unit.onProgress(last);
    } else if (path === LIVE) {
      for (const line of live.push(data)) {
        if (now() - secondStarted >= 1000) {
          secondStarted = now();
          linesInSecond = 0;
        }
        if (linesInSecond++ < MAX_LIVE_PER_SECOND) unit.onLive(line);
      }
    }
  });
}

/** Complete lines out of pieces; longer ones than the limit are left out whole. */
class LineSplitter {
  readonly #limit: number;
  #partial: Buffer[] = [];
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(data: Uint8Array): string[] {
    const lines: string[] = [];
    // Copied, since the writer's bytes are valid during the call only.
    let rest = Buffer.from(data);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      this.#keep(rest.subarray(0, end));
      if (this.#bytes <= this.#limit) lines.push(Buffer.concat(this.#partial).toString('utf8'));
      this.#partial = [];
      this.#bytes = 0;
      rest = rest.subarray(end + 1);
    }
    this.#keep(rest);
    return lines;
  }

  #keep(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#bytes <= this.#limit) this.#partial.push(piece);
    else this.#partial = [];
  }
}
