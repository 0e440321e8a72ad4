import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseProcPidStat } from '../own-use.ts';

/** Programs people know under another name, and what they do then. Matched at the start of the process name. */
const ACTIVITIES: readonly (readonly [RegExp, string])[] = [
  [
    /^(cc1|cc1plus|clang|gcc|g\+\+|rustc|cargo|ld|lld|collect2|javac|kotlin|swift-|ghc|go$|compile$|tsc|ninja|make|as$)/,
    'you are compiling',
  ],
  [/^(zoom|teams|skype|webex|jitsi)/i, 'you are in a call'],
  [
    /^(firefox|Web Content|Isolated Web|chrome|chromium|brave|opera|msedge|WebKitWeb|epiphany)/i,
    'the browser is busy',
  ],
  [/^(ffmpeg|HandBrake|ghb|kdenlive|blender|darktable|obs)/i, 'pictures or video are being worked on'],
  [
    /^(apt|dpkg|unattended-upgr|dnf|yum|rpm|packagekitd|pacman|zypper|snapd|flatpak|fwupd)/,
    'the system is being updated',
  ],
  [/^(rsync|restic|borg|duplicity|deja-dup|tar|gzip|xz|zstd|7z)/, 'files are being copied or packed'],
  [/^(steam|wine|lutris|proton)/i, 'a game is running'],
  [/^(soffice|libreoffice|evince|okular)/i, 'a document is being worked on'],
  [/^(boinc|wcgrid|setiathome|fah-client|FahCore)/, 'another volunteer-computing program is running'],
];

/** Over this long the use of each process is compared. */
const LOOK_MS = 300;

/**
 * What the busiest program besides ours does, in words for a person ("you are compiling", "gimp is busy").
 * Reads every process twice (a few milliseconds each): ask only when there is something to explain. Linux only;
 * elsewhere, and where nothing stands out, null.
 *
 * @param isOurs processes not to look at
 */
export async function busiestActivity(isOurs: (pid: number) => boolean): Promise<string | null> {
  if (process.platform !== 'linux') return null;
  const before = processTimes(isOurs);
  await wait(LOOK_MS, undefined, { ref: false });
  const use = new Map<string, number>();
  for (const [pid, { name, seconds, ended }] of processTimes(isOurs)) {
    const earlier = before.get(pid);
    // A process that was not there has all its time from now; children that ended count for their parent's work.
    const used = seconds + ended - (earlier ? earlier.seconds + earlier.ended : ended);
    if (used <= 0) continue;
    const words = wordsFor(name === 'MainThread' ? commandName(pid, name) : name);
    use.set(words, (use.get(words) ?? 0) + used);
  }
  return busiest(use, LOOK_MS / 1000);
}

export function wordsFor(program: string): string {
  return ACTIVITIES.find(([pattern]) => pattern.test(program))?.[1] ?? `${program} is busy`;
}

/** @param use processor seconds by words, over `seconds`; null where nothing stands out: many small programs */
export function busiest(use: ReadonlyMap<string, number>, seconds: number): string | null {
  const [top] = [...use].sort((a, b) => b[1] - a[1]);
  return top && top[1] / seconds >= 0.3 ? top[0] : null;
}

/** Programs on Node all call themselves MainThread: their command says more. */
function commandName(pid: number, otherwise: string): string {
  try {
    return basename(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0] ?? '') || otherwise;
  } catch {
    return otherwise;
  }
}

function processTimes(isOurs: (pid: number) => boolean) {
  const found = new Map<number, { name: string; seconds: number; ended: number }>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || isOurs(pid)) continue;
    try {
      const text = readFileSync(`/proc/${entry}/stat`, 'latin1');
      const times = parseProcPidStat(text);
      const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
      if (times) found.set(pid, { name, seconds: times.own, ended: times.ended });
    } catch {
      // Ended while we looked.
    }
  }
  return found;
}
