import type { Command } from '../command.ts';
import { copy } from '../cvmfs/copy.ts';
import { find, list, print, status } from '../cvmfs/look.ts';
import { READER_EXITS, SESSION_OPTIONS, withRepository } from '../cvmfs/session.ts';
import { UsageError } from '../errors.ts';

const LOOKS = { ls: list, cat: print, stat: status, find } as const;

export const cvmfs: Command = {
  name: 'cvmfs',
  summary: 'read a CernVM-FS repository (ls, cat, cp, stat, find), or publish one',
  description:
    'Reads software as CernVM-FS servers publish it, without a mount and without root. ACTION is ls, cat, stat or find with one path, or cp with a path and where to copy it. ' +
    'Everything is verified from the owner’s master key down, and what was read once can be read again without network.',
  positionals: {
    name: 'ACTION PATH',
    min: 2,
    max: 3,
    help: 'what to do, and a path of the form /cvmfs/NAME/...; for cp also where to copy it',
  },
  options: {
    ...SESSION_OPTIONS,
    long: { short: 'l', help: 'ls: modes, sizes and times as well' },
    recursive: { short: 'r', help: 'cp: folders with all that is in them' },
    name: { value: 'PATTERN', help: 'find: only names like this, with * and ?' },
    type: { value: 'TYPE', help: 'find: only files (f), folders (d) or links (l)' },
  },
  examples: [
    'beamtime cvmfs ls -l /cvmfs/sw.example.org --server http://host/cvmfs/@fqrn@ --key sw.pub',
    'beamtime cvmfs cp -r /cvmfs/sw.example.org/1.0 . --key sw.pub --tag v1.0',
  ],
  exitCodes: READER_EXITS,
  async run(input) {
    const [action = '', path = '', to] = input.positionals;
    if (action === 'cp') {
      if (to === undefined) throw new UsageError('"cp" needs where to copy to as well');
      return withRepository(input, path, (session) => copy(input, session, to));
    }
    if (!Object.hasOwn(LOOKS, action))
      throw new UsageError(`"${action}" is none of its actions; see "beamtime cvmfs --help"`);
    if (to !== undefined) throw new UsageError(`"${to}" is one argument too many for ${action}`);
    return withRepository(input, path, (session) => LOOKS[action as keyof typeof LOOKS](input, session));
  },
};
