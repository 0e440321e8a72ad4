import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/**
 * What tells the next engine of a VM that this one may leave behind when it is killed: a file of its own in the run folder,
 * from before the process starts until after it has ended. No fsync: a power cut ends the processes too.
 */
export const Mark = z.strictObject({
  /** In the process's command line (-name), with 64 random bits: whoever has it is ours. */
  name: z.string().regex(/^beamtime-[A-Za-z0-9_-]{1,60}-[0-9a-f]{16}$/),
  controlGroups: z.array(z.string()),
});
export type Mark = z.infer<typeof Mark>;

const PREFIX = 'qemu-';

export function newProcessName(slotId: string): string {
  const slot = slotId.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 60) || '_';
  return `beamtime-${slot}-${randomBytes(8).toString('hex')}`;
}

export async function writeMark(runFolder: string, mark: Mark): Promise<void> {
  await mkdir(runFolder, { recursive: true });
  await writeFile(markPath(runFolder, mark.name), JSON.stringify(mark));
}

export async function removeMark(runFolder: string, name: string): Promise<void> {
  await rm(markPath(runFolder, name), { force: true });
}

/** The marks that are there; a half-written one counts by its file name. */
export async function readMarks(runFolder: string): Promise<Mark[]> {
  const names = await readdir(runFolder).catch(() => []);
  const marks: Mark[] = [];
  for (const file of names) {
    if (!file.startsWith(PREFIX) || !file.endsWith('.json')) continue;
    const name = file.slice(PREFIX.length, -'.json'.length);
    const text = await readFile(join(runFolder, file), 'utf8').catch(() => '');
    const mark = Mark.safeParse(parsed(text)).data ?? Mark.safeParse({ name, controlGroups: [] }).data;
    if (mark && mark.name === name) marks.push(mark);
  }
  return marks;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function markPath(runFolder: string, name: string): string {
  return join(runFolder, `${PREFIX}${name}.json`);
}
