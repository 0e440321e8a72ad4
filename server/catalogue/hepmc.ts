/**
 * One file of events out of several, all in HepMC3's ASCII format:
 *
 *     HepMC::Version 3.02.05
 *     HepMC::Asciiv3-START_EVENT_LISTING
 *     W ..., T ..., A ...                        of the run
 *     E ..., and the lines of the event          any number
 *     HepMC::Asciiv3-END_EVENT_LISTING
 *
 * The beginning is that of the first file, and of the others must be the same; then come the events of all.
 */
const VERSION = 'HepMC::Version ';
const END = 'HepMC::Asciiv3-END_EVENT_LISTING';
/** What tells of a run is short. */
const MAX_HEAD_BYTES = 100_000;
/** The last line with what may stand after it. */
const HELD_BACK = END.length + 16;

/** A file that is not what it should be; what was sent of the whole is cut there. */
export class NoHepmc extends Error {
  override readonly name = 'NoHepmc';
}

/** Whether a file begins as one of events does. */
export function isHepmc(start: Uint8Array): boolean {
  return Buffer.from(start.subarray(0, VERSION.length)).toString('latin1') === VERSION;
}

/** @throws NoHepmc, and what reading throws */
export async function* joinHepmc(
  files: AsyncIterable<AsyncIterable<Uint8Array>>,
): AsyncGenerator<Uint8Array> {
  let first: string | null = null;
  for await (const file of files) {
    let head: string | null = null;
    let held = Buffer.alloc(0);
    for await (const chunk of file) {
      held = Buffer.concat([held, chunk]);
      if (head === null) {
        const at = held.indexOf('\nE ');
        if (at < 0 && held.length > MAX_HEAD_BYTES)
          throw new NoHepmc('a file has no event where one should be');
        if (at < 0) continue;
        head = held.subarray(0, at + 1).toString('latin1');
        held = held.subarray(at + 1);
        checkHead(head, first);
        if (first === null) yield Buffer.from(head, 'latin1');
        first ??= head;
      }
      if (held.length > HELD_BACK) {
        yield held.subarray(0, -HELD_BACK);
        held = Buffer.from(held.subarray(-HELD_BACK));
      }
    }
    const rest = held.toString('latin1');
    const end = rest.lastIndexOf(END);
    if (end < 0 || rest.slice(end + END.length).trim() !== '') throw new NoHepmc('a file of events is cut');
    if (head !== null) yield held.subarray(0, end);
    else {
      // No event at all.
      checkHead(rest.slice(0, end), first);
      if (first === null) yield held.subarray(0, end);
      first ??= rest.slice(0, end);
    }
  }
  if (first !== null) yield Buffer.from(`${END}\n\n`);
}

function checkHead(head: string, first: string | null): void {
  if (!head.startsWith(VERSION)) throw new NoHepmc('a file is not in the ASCII format of HepMC3');
  if (first !== null && head !== first) throw new NoHepmc('the files are not of one run');
}
