/** Enough for any honest program; of one that floods its console the beginning is kept, and samples of the rest. */
const MAX_BYTES = 1_000_000;
const BYTES_PER_SECOND = 100_000;
/** What may come at once after a quiet time; and what must be free again before a flood is shown further. */
const BURST_BYTES = 200_000;
const SAMPLE_BYTES = 20_000;

/**
 * A console that is bounded in rate and in total. What is left out is said so in its place.
 * @param now milliseconds, monotonic
 * @returns takes a chunk, answers whether more is wanted: false for ever once the total is reached
 */
export function boundedConsole(
  onConsole: (chunk: Uint8Array) => void,
  now: () => number = () => performance.now(),
): (chunk: Uint8Array) => boolean {
  let total = 0;
  let allowance = BURST_BYTES;
  let filledAt = now();
  let leftOut = 0;
  const give = (chunk: Uint8Array) => {
    if (chunk.length === 0) return;
    total += chunk.length;
    allowance -= chunk.length;
    onConsole(chunk);
  };
  const note = (text: string) => give(Buffer.from(`\n[${text}]\n`));
  return (chunk) => {
    if (total >= MAX_BYTES) return false;
    const time = now();
    allowance = Math.min(BURST_BYTES, allowance + ((time - filledAt) / 1000) * BYTES_PER_SECOND);
    filledAt = time;
    if (leftOut > 0 && allowance < SAMPLE_BYTES) {
      leftOut += chunk.length;
      return true;
    }
    if (leftOut > 0) note(`${leftOut} bytes left out: the program prints too fast`);
    const taken = chunk.subarray(0, Math.max(0, Math.min(Math.floor(allowance), MAX_BYTES - total)));
    give(taken);
    leftOut = chunk.length - taken.length;
    if (total < MAX_BYTES) return true;
    note(`the rest is left out: the program printed more than ${MAX_BYTES} bytes`);
    return false;
  };
}
