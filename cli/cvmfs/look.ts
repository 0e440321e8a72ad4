import type { Entry } from '../../cvmfs/format/entry.ts';
import type { Located } from '../../cvmfs/read/index.ts';
import type { Input } from '../command.ts';
import { UsageError } from '../errors.ts';
import { clean, table } from '../terminal.ts';
import { count } from '../words.ts';
import type { Session } from './session.ts';

const STEP_BYTES = 1024 * 1024;

/** Links in the path are followed, as a shell does. */
export function reach({ repository, path }: Session): Promise<Located> {
  return repository.snapshot.resolve(path, `/cvmfs/${repository.name}`);
}

/** What is in a folder; of anything else, itself. */
export async function list(input: Input, session: Session): Promise<number> {
  const { snapshot } = session.repository;
  const at = await reach(session);
  const entries = at.entry.kind === 'directory' ? await snapshot.list(at.path) : [at];
  const described = entries.map(({ entry }) => ({ ...describe(entry), target: snapshot.targetOf(entry) }));
  input.terminal.document({ entries: described });
  if (!input.flag('long')) {
    for (const { name } of described) input.terminal.say(clean(name));
    return 0;
  }
  const rows = described.map((one) => [
    one.mode,
    count(one.links),
    count(one.bytes),
    one.modified,
    clean(one.kind === 'symlink' ? `${one.name} -> ${text(one.target)}` : one.name),
  ]);
  const [, ...lines] = table(['', '', '', '', ''], rows, ['left', 'right', 'right', 'left', 'left']);
  for (const line of lines) input.terminal.say(line);
  return 0;
}

/** A file's bytes to standard output. */
export async function print(input: Input, session: Session): Promise<number> {
  if (input.terminal.json) throw new UsageError('a file is not printed as JSON');
  const file = await session.repository.snapshot.openLocated(await reach(session));
  try {
    for (let at = 0; at < file.entry.size && !input.stopping.aborted; at += STEP_BYTES) {
      await input.terminal.bytes(await file.read(at, STEP_BYTES));
    }
  } finally {
    await file.close();
  }
  return 0;
}

/** All that is known of one path; a link is not followed. */
export async function status(input: Input, session: Session): Promise<number> {
  const { snapshot } = session.repository;
  const { entry, catalog } = await snapshot.lookup(session.path);
  const xattrs = Object.fromEntries(
    [...entry.xattrs].map(([name, value]) => [text(name), Buffer.from(value).toString()]),
  );
  const known = {
    path: session.show(session.path),
    ...describe(entry),
    ...(entry.kind === 'symlink'
      ? { target: text(snapshot.targetOf(entry)), variant: text(entry.target) }
      : {}),
    uid: entry.uid,
    gid: entry.gid,
    inode: String(snapshot.idOf({ path: session.path, entry, catalog })),
    ...(entry.hash === null ? {} : { object: entry.hash }),
    chunked: entry.chunked,
    catalog: catalog.hash,
    revision: snapshot.revision ?? null,
    xattrs,
  };
  input.terminal.document(known);
  for (const [name, value] of Object.entries(known)) {
    input.terminal.say(
      `${name.padEnd(10)}${clean(typeof value === 'object' ? JSON.stringify(value) : String(value))}`,
    );
  }
  return 0;
}

const TYPES: Readonly<Record<string, Entry['kind']>> = { f: 'file', d: 'directory', l: 'symlink' };

/** Everything below a path, or what of it has a name or is of a type. */
export async function find(input: Input, session: Session): Promise<number> {
  const { snapshot } = session.repository;
  const type = input.text('type');
  if (type !== undefined && !Object.hasOwn(TYPES, type))
    throw new UsageError(`--type takes f, d or l, not "${type}"`);
  const matches = pattern(input.text('name') ?? '*');
  const found: string[] = [];
  const waiting = [await reach(session)];
  for (let at = waiting.pop(); at && !input.stopping.aborted; at = waiting.pop()) {
    const isType = type === undefined || at.entry.kind === TYPES[type];
    if (isType && matches(at.entry.name)) {
      const shown = session.show(at.path);
      if (input.terminal.json) found.push(shown);
      else input.terminal.say(shown);
    }
    // The last is taken first: reversed, so that they come in order.
    if (at.entry.kind === 'directory') waiting.push(...(await snapshot.list(at.path)).reverse());
  }
  input.terminal.document({ found });
  return 0;
}

/** "*" and "?" as in a shell. Taken step by step: a regular expression could be made to take for ever. */
export function pattern(glob: string): (name: string) => boolean {
  const wanted = Buffer.from(glob, 'utf8').toString('latin1');
  return (name) => {
    let at = 0;
    let star = -1;
    let retry = 0;
    for (let i = 0; i < name.length; ) {
      if (wanted[at] === '*') {
        star = at++;
        retry = i;
      } else if (at < wanted.length && (wanted[at] === '?' || wanted[at] === name[i])) {
        at++;
        i++;
      } else if (star >= 0) {
        at = star + 1;
        i = ++retry;
      } else return false;
    }
    return /^\**$/.test(wanted.slice(at));
  };
}

const LETTERS: Readonly<Record<Entry['kind'], string>> = {
  directory: 'd',
  file: '-',
  symlink: 'l',
  special: 's',
};

function describe(entry: Entry) {
  return {
    name: text(entry.name),
    kind: entry.kind,
    mode: modeText(entry),
    links: entry.links,
    bytes: entry.size,
    modified: new Date(entry.mtime * 1000).toISOString().replace(/\.\d+Z$/, 'Z'),
  };
}

/** "-rwxr-xr-x", as ls has it; "s" and "t" for the bits above. */
function modeText({ kind, mode }: Entry): string {
  const letters = [...'rwxrwxrwx'].map((letter, i) => ((mode >> (8 - i)) & 1 ? letter : '-'));
  for (const [bit, at, letter] of [
    [0o4000, 2, 's'],
    [0o2000, 5, 's'],
    [0o1000, 8, 't'],
  ] as const) {
    if (mode & bit) letters[at] = letters[at] === '-' ? letter.toUpperCase() : letter;
  }
  return `${LETTERS[kind]}${letters.join('')}`;
}

function text(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
