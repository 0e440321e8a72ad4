import type { Changes, Difference, Progress, Published } from '../../../cvmfs/publish/index.ts';
import type { Input } from '../../command.ts';
import { count } from '../../words.ts';
import { shownPath } from './publisher.ts';

const ON_TERMINAL_MS = 500;
const ELSEWHERE_MS = 10_000;

/** Says how far a publication is: one line that is written over on a terminal, a line now and then elsewhere. */
export async function withProgress<T>(progress: Progress, work: () => Promise<T>): Promise<T> {
  const isTerminal = process.stderr.isTTY === true;
  const begunAt = performance.now();
  const timer = setInterval(
    () => {
      const line = progressLine(progress, (performance.now() - begunAt) / 1000);
      process.stderr.write(isTerminal ? `\r${line}\u001b[K` : `${line}\n`);
    },
    isTerminal ? ON_TERMINAL_MS : ELSEWHERE_MS,
  );
  try {
    return await work();
  } finally {
    clearInterval(timer);
    if (isTerminal) process.stderr.write('\r\u001b[K');
  }
}

const PHASES: Readonly<Record<Progress['phase'], string>> = {
  looking: 'reading',
  storing: 'storing',
  catalogs: 'writing catalogs',
  finishing: 'finishing',
};

function progressLine(progress: Progress, seconds: number): string {
  return `${PHASES[progress.phase]}: ${count(progress.entries)} entries, ${count(progress.files)} files, ${rates(progress, seconds)}`;
}

function rates({ files, bytes }: Progress, seconds: number): string {
  const per = (value: number) => value / Math.max(0.001, seconds);
  return `${count(per(files))} files/s, ${per(bytes / 1e6).toFixed(1)} MB/s`;
}

/** What a publication did, or would do. */
export function report(input: Input, published: Published, options: { dryRun: boolean }): number {
  const { revision, changes, progress, catalogs, catalogsWritten, seconds, warnings } = published;
  const { terminal } = input;
  terminal.document({
    revision,
    dryRun: options.dryRun,
    added: changes.added,
    changed: changes.changed,
    removed: changes.removed,
    files: progress.files,
    bytes: progress.bytes,
    unchangedFiles: progress.unchangedFiles,
    newObjects: progress.newObjects,
    newObjectBytes: progress.newObjectBytes,
    catalogs,
    catalogsWritten,
    seconds,
    warnings,
  });
  for (const warning of warnings) terminal.note(`WARNING: ${warning}`);
  sayChanges(input, changes, input.flag('verbose') || options.dryRun ? Number.POSITIVE_INFINITY : 10);
  const verb = options.dryRun
    ? 'Would publish'
    : revision === null
      ? 'Nothing has changed'
      : `Revision ${revision}`;
  terminal.say(
    `${verb}: ${count(changes.added)} added, ${count(changes.changed)} changed, ${count(changes.removed)} removed`,
  );
  terminal.say(
    `${count(progress.files)} files (${count(progress.unchangedFiles)} not read, for they are as they were), ` +
      `${count(progress.newObjects)} new objects of ${(progress.newObjectBytes / 1e6).toFixed(1)} MB, ` +
      `${count(catalogsWritten)} of ${count(catalogs)} catalogs written`,
  );
  terminal.say(`${seconds.toFixed(1)} s: ${rates(progress, seconds)}`);
  return 0;
}

const SIGNS = { added: '+', changed: '~', removed: '-' } as const;

export function sayChanges(input: Input, changes: Changes, most: number): void {
  for (const one of changes.first.slice(0, most)) input.terminal.say(changeLine(one));
  const more = changes.added + changes.changed + changes.removed - Math.min(most, changes.first.length);
  if (more > 0) input.terminal.say(`  and ${count(more)} more`);
}

function changeLine({ change, path, kind, what }: Difference): string {
  const end = kind === 'directory' && path !== '' ? '/' : '';
  return `${SIGNS[change]} ${shownPath(path)}${end}${what.length > 0 ? `  (${what.join(', ')})` : ''}`;
}
