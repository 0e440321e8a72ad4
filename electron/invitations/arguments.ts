import { readFileSync, statSync } from 'node:fs';
import { extname } from 'node:path';

/** As JoinRequest allows. */
const MAX_CHARS = 500;
const FILE_BYTES = 4096;

/**
 * The invitation among a program's arguments: a beamtime: link, or a .beamtime file with one in it. What is no
 * invitation at all is left alone; whether it is a good one the engine says, when the page asks it.
 */
export function invitationIn(args: readonly string[]): string | null {
  for (const arg of args) {
    const found = /^beamtime:/i.test(arg)
      ? arg
      : extname(arg).toLowerCase() === '.beamtime'
        ? inFile(arg)
        : null;
    if (found !== null && found.length > 0 && found.length <= MAX_CHARS) return found;
  }
  return null;
}

/** The first line that says something; lines that begin with "#" are for people. */
function inFile(path: string): string | null {
  try {
    if (statSync(path).size > FILE_BYTES) return null;
    const lines = readFileSync(path, 'utf8').split(/\r?\n/);
    return lines.map((line) => line.trim()).find((line) => line !== '' && !line.startsWith('#')) ?? null;
  } catch {
    return null; // gone, or not ours to read
  }
}
