import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ReadProfile } from '../../protocol/read-profile.ts';
import { Profiles } from './profiles.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-profiles-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const REPOSITORY = 'sw.example.org';
const objectOf = (digit: string) => ({ object: digit.repeat(40), bytes: 1 });
const read = (digits: string, repository = REPOSITORY): ReadProfile => ({
  kind: 'read-profile',
  repository,
  objects: [...digits].map(objectOf),
});
const found = async (profiles: Profiles, release: string, repository = REPOSITORY) =>
  (await profiles.find(release, repository))?.objects.map(({ object }) => object[0]).join('') ?? null;

test('what a run read is there for the next, of another version too; of another application or repository it is not', async () => {
  const profiles = new Profiles(join(folder, 'one'));
  expect(await found(profiles, '/releases/lammps/1')).toBeNull();
  await profiles.keep('/releases/lammps/1', read('abc'));
  const later = new Profiles(join(folder, 'one'));
  expect(await found(later, '/releases/lammps/1')).toBe('abc');
  expect(await found(later, '/releases/lammps/2')).toBe('abc');
  expect(await found(later, '/releases/gromacs/1')).toBeNull();
  expect(await found(later, '/releases/lammps/1', 'other.example.org')).toBeNull();
});

test('a run that ended early takes nothing away; another version begins anew', async () => {
  const profiles = new Profiles(join(folder, 'two'));
  await profiles.keep('/releases/lammps/1', read('abc'));
  await profiles.keep('/releases/lammps/1', read('a'));
  await profiles.keep('/releases/lammps/1', read('ad'));
  expect(await found(profiles, '/releases/lammps/1')).toBe('abcd');
  await profiles.keep('/releases/lammps/2', read(''));
  expect(await found(profiles, '/releases/lammps/2')).toBe('abcd');
  await profiles.keep('/releases/lammps/2', read('ae'));
  expect(await found(profiles, '/releases/lammps/2')).toBe('ae');
});

test('a file that is none is as if it were not there', async () => {
  const profiles = new Profiles(folder);
  for (const text of ['', '{"release":1}', '[']) {
    await writeFile(join(folder, 'releases~lammps.json'), text);
    expect(await found(profiles, '/releases/lammps/1')).toBeNull();
  }
});
