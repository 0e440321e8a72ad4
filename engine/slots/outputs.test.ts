import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sha256 } from '../../platform/files.ts';
import { collectOutputs, OutputRefused } from './outputs.ts';

let job: string;
beforeEach(async () => {
  job = await mkdtemp(join(tmpdir(), 'beamtime-job-'));
  await mkdir(join(job, 'out'));
});
afterEach(() => rm(job, { recursive: true, force: true }));

test('all files below out/, with the hash two hosts would compare', async () => {
  await mkdir(join(job, 'out/sub'));
  await writeFile(join(job, 'out/sub/b'), 'bee');
  await writeFile(join(job, 'out/a'), 'ay');
  await link(join(job, 'out/a'), join(job, 'out/again'));
  const { files, outputHash } = await collectOutputs(job, 1000);
  expect(files).toEqual([
    { path: 'a', sha256: sha256('ay'), bytes: 2 },
    { path: 'again', sha256: sha256('ay'), bytes: 2 },
    { path: 'sub/b', sha256: sha256('bee'), bytes: 3 },
  ]);
  expect(outputHash).toBe(sha256(`${sha256('ay')}  a\n${sha256('ay')}  again\n${sha256('bee')}  sub/b\n`));
});

test.each([
  ['nothing', async () => {}, /left nothing/],
  ['no folder', async () => rm(join(job, 'out'), { recursive: true }), /left nothing/],
  ['a link out', async () => symlink('/etc/passwd', join(job, 'out/x')), /neither a file/],
  ['a link to a folder out', async () => symlink('/etc', join(job, 'out/x')), /neither a file/],
  ['too much', async () => writeFile(join(job, 'out/x'), 'x'.repeat(1001)), /more than 1000 bytes/],
  [
    'a name no text can hold',
    async () => writeFile(Buffer.from(`${job}/out/\xff`, 'latin1'), 'x'),
    /name not usable/,
  ],
  [
    'too many',
    async () => {
      for (let i = 0; i < 1001; i++) await writeFile(join(job, 'out', String(i)), '');
    },
    /more than 1000 output files/,
  ],
])('%s is refused', async (_, make, words) => {
  await make();
  const error = await collectOutputs(job, 1000).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(OutputRefused);
  expect(error).toMatchObject({ message: expect.stringMatching(words) });
});
