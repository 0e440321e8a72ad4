import { closeSync, openSync, readSync, writeSync } from 'node:fs';

/**
 * Small files in one go and without waiting: four waits for a thread cost ten times of what the disk's cache does, and
 * most files of software are small. A disk that has it not at hand holds us up for as long as one of its reads.
 */
export const SMALL_FILE_BYTES = 64 * 1024;

/** One byte more tells that there is more. */
const scratch = Buffer.allocUnsafeSlow(SMALL_FILE_BYTES + 1);

/** @returns null where it is larger. @throws what open(2) and read(2) say */
export function readSmallFile(path: string): Buffer | null {
  const file = openSync(path, 'r');
  try {
    let bytes = 0;
    for (let more = 1; more > 0 && bytes < scratch.length; bytes += more)
      more = readSync(file, scratch, bytes, scratch.length - bytes, bytes);
    return bytes > SMALL_FILE_BYTES ? null : Buffer.from(scratch.subarray(0, bytes));
  } finally {
    closeSync(file);
  }
}

/** A new file. @throws what open(2) and write(2) say */
export function writeSmallFile(path: string, content: Uint8Array): void {
  const file = openSync(path, 'wx', 0o644);
  try {
    for (let done = 0; done < content.length; ) done += writeSync(file, content, done);
  } finally {
    closeSync(file);
  }
}
