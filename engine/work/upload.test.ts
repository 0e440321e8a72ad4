import { expect, test } from 'vitest';
import { MAX_INLINE_BYTES } from '../../protocol/project-api.ts';
import { goingWithReport } from './upload.ts';

test.each([
  ['all small ones', [10, 20, 0], [10, 20, 0]],
  ['not what is larger than all that may go', [10, MAX_INLINE_BYTES + 1], [10]],
  ['one that just fits', [MAX_INLINE_BYTES], [MAX_INLINE_BYTES]],
  ['the smallest first', [MAX_INLINE_BYTES, 1, 2], [1, 2]],
  ['nothing of nothing', [], []],
])('%s go with the report', (_what, sizes, going) => {
  const files = sizes.map((bytes, i) => ({ path: `f${i}`, sha256: 'a'.repeat(64), bytes }));
  const chosen = goingWithReport(files);
  expect(files.filter((file) => chosen.has(file)).map((file) => file.bytes)).toEqual(going);
});
