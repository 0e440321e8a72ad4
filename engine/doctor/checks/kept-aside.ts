import { advise, type Check, found, ok, warning } from '../check.ts';

/** What the engine found damaged when it started: the person is to know what was forgotten, and where it still is. */
export const keptAside: Check = {
  name: 'kept-aside',
  title: 'Damaged files',
  async run({ notices }) {
    if (notices.length === 0) return ok(found('kept-none'));
    return warning(
      notices.map(({ about, movedTo }) => found(`kept-${about}`, { file: movedTo })),
      notices.map(({ about }) => advise(`kept-${about}`)),
    );
  },
};
