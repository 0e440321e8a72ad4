import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Linux keeps only so much of a name for everybody to read. */
const COMM_LENGTH = 15;

/**
 * The first of these programs that runs, as it was given; null: none does, or this machine cannot tell.
 * @param names of executables, without extension or case
 */
export async function runningProgram(names: readonly string[]): Promise<string | null> {
  const wanted = new Map(names.map((name) => [plain(name), name]));
  const running = process.platform === 'linux' ? linuxNames(wanted) : (await listed()).map(plain);
  for (const name of running) {
    const found = wanted.get(name);
    if (found !== undefined) return found;
  }
  return null;
}

/** "C:\Games\Quake.exe" -> "quake" */
export function plain(program: string): string {
  const base = program.slice(Math.max(program.lastIndexOf('/'), program.lastIndexOf('\\')) + 1);
  return base.replace(/\.(exe|app|com|bin|appimage)$/i, '').toLowerCase();
}

/**
 * A read of some ten microseconds for each process. The command line, which may be long, is read only where the name
 * may have been cut, or says nothing (programs of interpreters).
 */
function linuxNames(wanted: ReadonlyMap<string, string>): string[] {
  const starts = new Set([...wanted.keys()].map((name) => name.slice(0, COMM_LENGTH)));
  const names: string[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const name = plain(text(`/proc/${entry}/comm`).trim());
    names.push(name);
    if (name.length >= COMM_LENGTH - 4 && starts.has(name.slice(0, COMM_LENGTH)))
      names.push(plain(text(`/proc/${entry}/cmdline`).split('\0')[0] ?? ''));
  }
  return names;
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // ended while we looked
  }
}

/** Windows and macOS: as their own small commands list them. */
function listed(): Promise<string[]> {
  const [command, args] =
    process.platform === 'win32'
      ? (['tasklist', ['/fo', 'csv', '/nh']] as const)
      : (['ps', ['-axo', 'comm=']] as const);
  return new Promise((resolve) => {
    execFile(command, args, { timeout: 5000, maxBuffer: 4e6, windowsHide: true }, (error, stdout) => {
      const lines = error ? [] : stdout.split('\n').map((line) => line.trim());
      resolve(lines.map((line) => /^"([^"]*)"/.exec(line)?.[1] ?? line));
    });
  });
}
