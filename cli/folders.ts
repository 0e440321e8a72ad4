import type { Part } from '../platform/data-folder.ts';

export { dataFolder } from '../platform/data-folder.ts';

/** The --data option of a command that works with one part. */
export function dataOption(part: Part) {
  const what = part === 'engine' ? 'the engine' : 'the project server';
  return { data: { value: 'FOLDER', help: `where ${what} keeps its data (see "beamtime --help")` } } as const;
}
