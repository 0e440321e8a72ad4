import { matchLine } from '../../platform/line-pattern.ts';
import type { Release } from '../../protocol/release.ts';
import type { Progress } from '../../protocol/work-unit.ts';
import { AppendedLines } from './lines.ts';

/**
 * How far a program is that knows nothing of `progress`: read out of what it prints, or of a file it appends to, by the
 * release's rule. Without a rule nothing is told here.
 */
export class ProgressLines {
  readonly #rule: Release['progress'];
  readonly #lines: AppendedLines;
  #printed = 0;

  /** @param total events the card asks for; a program that counts beyond has done them all */
  constructor(rule: Release['progress'], total: number, onProgress: (progress: Progress) => void) {
    this.#rule = rule;
    this.#lines = new AppendedLines((line) => {
      const [done] = (rule && matchLine(rule.line, line)) ?? [];
      if (done !== undefined && done >= 0) onProgress({ done: Math.min(total, Math.floor(done)), total });
    });
  }

  /** Bytes written to a file of the work unit's directory. */
  write(path: string, offset: number, data: Uint8Array): void {
    if (this.#rule?.file === path) this.#lines.write(offset, data);
  }

  /** Bytes the program printed. A line drawn over itself with carriage returns is as many lines. */
  console(chunk: Uint8Array): void {
    if (this.#rule?.file !== null) return;
    this.#lines.write(
      this.#printed,
      chunk.map((byte) => (byte === CARRIAGE_RETURN ? LINE_FEED : byte)),
    );
    this.#printed += chunk.length;
  }
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
