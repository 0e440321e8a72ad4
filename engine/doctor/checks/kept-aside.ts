import { type Check, ok, warning } from '../check.ts';

/** What the engine found damaged when it started: the person is to know what was forgotten, and where it still is. */
export const keptAside: Check = {
  name: 'kept-aside',
  title: 'Damaged files',
  async run({ notices }) {
    if (notices.length === 0) return ok('none were found');
    return warning(
      notices
        .map(({ what, movedTo }) => `${what} could not be read; the file is kept as ${movedTo}`)
        .join('; '),
      [...new Set(notices.map(({ remedy }) => remedy))].join(' '),
    );
  },
};
