import { rename, stat } from 'node:fs/promises';

const MAX_BYTES = 5_000_000;

/** Before a log is opened: one that has grown large becomes FILE.1, in place of the one before. */
export async function rotateLog(file: string): Promise<void> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size > MAX_BYTES) await rename(file, `${file}.1`);
}
