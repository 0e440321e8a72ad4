import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newProcessName, readMarks, removeMark, writeMark } from './marks.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-marks-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('names are ours alone and fit a file name, whatever the slot is called', () => {
  expect(newProcessName('slot-1')).toMatch(/^beamtime-slot-1-[0-9a-f]{16}$/);
  expect(newProcessName('slot-1')).not.toBe(newProcessName('slot-1'));
  expect(newProcessName('../a b,c=d')).toMatch(/^beamtime-___a_b_c_d-[0-9a-f]{16}$/);
  expect(newProcessName('')).toMatch(/^beamtime-_-[0-9a-f]{16}$/);
  expect(newProcessName('x'.repeat(1000)).length).toBeLessThan(100);
});

test('a mark is read as it was written, until it is removed', async () => {
  const marks = ['one', 'two'].map((slot) => ({
    name: newProcessName(slot),
    controlGroups: [`/cg/${slot}`],
  }));
  for (const mark of marks) await writeMark(folder, mark);
  const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
  expect((await readMarks(folder)).sort(byName)).toEqual([...marks].sort(byName));
  for (const { name } of marks) await removeMark(folder, name);
  expect(await readMarks(folder)).toEqual([]);
  await removeMark(folder, 'not there');
});

test('a half-written mark counts by its file name', async () => {
  const name = newProcessName('torn');
  await writeFile(join(folder, `qemu-${name}.json`), '{"name":"beam');
  expect(await readMarks(folder)).toEqual([{ name, controlGroups: [] }]);
});

test('what is no mark of ours names no process', async () => {
  const name = newProcessName('slot');
  await writeFile(join(folder, 'qemu-init.json'), '{"name":"init","controlGroups":[]}');
  await writeFile(join(folder, 'qemu-.json'), '{"name":"","controlGroups":[]}');
  await writeFile(join(folder, 'other.json'), JSON.stringify({ name, controlGroups: [] }));
  // Another's name in the file, so that the file cannot stand for a process it is not named after.
  await writeFile(
    join(folder, `qemu-${name}.json`),
    JSON.stringify({ name: newProcessName('x'), controlGroups: [] }),
  );
  expect(await readMarks(folder)).toEqual([]);
  expect(await readMarks(join(folder, 'missing'))).toEqual([]);
});
