import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pushDocument } from '../../cli/push.ts';
import { ProjectInfo } from '../../protocol/project-api.ts';
import { Release, Signed } from '../../protocol/release.ts';
import { type TestServer, testServer } from '../../server/testkit/server.ts';
import { Network } from '../testkit/network.ts';
import { programTree, Software } from './index.ts';
import type { Member } from './software.ts';

/** The tree of a release as its guest reads it, out of a real server's repository. */
const FILES = 30;
let folder: string;
let server: TestServer;
let network: Network;
let member: Member;
/** "GET /path" */
const asked: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-note-'));
  server = await testServer();
  network = await Network.start(() => server.url);
  network.mischief = {
    request: (chunk) => {
      asked.push(...(chunk.toString('latin1').match(/^(GET|POST) \S+/gm) ?? []));
      return chunk;
    },
  };
  const { name, keyFingerprint, software = null } = ProjectInfo.parse(await ask('project'));
  member = {
    url: new URL(network.invitation(server.invitation)).searchParams.get('url') ?? '',
    name,
    keyFingerprint,
    software,
  };
  await mkdir(join(folder, 'tree'));
  for (let i = 0; i < FILES; i++)
    await writeFile(join(folder, 'tree', `file${i}`), `content ${i}`, { mode: 0o755 });
}, 60_000);
afterAll(async () => {
  await network?.close();
  await server?.remove();
  await rm(folder, { recursive: true, force: true });
});

const ask = async (path: string): Promise<unknown> => (await fetch(`${server.url}/api/v1/${path}`)).json();

async function pushed(version: string): Promise<Release> {
  const release = {
    ...{
      kind: 'release',
      application: 'many',
      version,
      title: 'Many files',
      description: '',
      licence: 'MIT',
    },
    ...{ programs: { 'x86_64-linux': 'tree' }, command: 'file0', outputs: { x: { compare: 'exact' } } },
    ...{ parameters: { type: 'object' }, histograms: [], referenceMicrosecondsPerEvent: 1 },
    limits: { memoryMb: 64, wallSeconds: 60, outputBytes: 1000 },
  };
  const file = join(folder, 'release.yaml');
  await writeFile(file, JSON.stringify(release));
  await pushDocument({ file, url: server.url, staffToken: server.staffToken });
  return Release.parse(JSON.parse(Signed.parse(await ask(`releases/many/${version}`)).body));
}

/** Reads all files as a guest does, on a computer that has nothing. @returns how many requests it took */
async function readBy(computer: string, release: Release): Promise<number> {
  asked.length = 0;
  const { signal } = new AbortController();
  const software = new Software({
    folder: join(folder, computer),
    quotaBytes: () => 1e8,
    pace: async () => {},
  });
  const opened = await programTree(release, member, software, signal);
  if (!opened) throw new Error('it is no tree');
  try {
    const root = await opened.tree.root();
    for (let i = 0; i < FILES; i++) {
      const file = await (await root.lookup(`file${i}`)).open({
        read: true,
        write: false,
        truncate: false,
        append: false,
        exclusive: false,
      });
      expect(Buffer.from(await file.read(0n, 100, signal)).toString()).toBe(`content ${i}`);
      await file.close();
    }
    expect(opened.trouble()).toBeNull();
  } finally {
    await opened.close();
  }
  return asked.length;
}

test('what one engine noted, another loads ahead: from its own run, or out of the release', async () => {
  const first = await pushed('1');
  expect(await readBy('one', first)).toBeGreaterThan(FILES);
  await rm(join(folder, 'one/objects'), { recursive: true });
  expect(await readBy('one', first)).toBeLessThan(FILES / 2);

  const profiles = join(folder, 'one/projects', member.keyFingerprint, 'profiles');
  expect(await readdir(profiles)).toEqual(['releases~many.json']);
  await cp(join(profiles, 'releases~many.json'), join(folder, 'tree/.beamtime-profile.json'));
  const second = await pushed('2');
  expect(await readBy('two', second)).toBeLessThan(FILES / 2);
  expect(asked.some((one) => /^POST \/cvmfs\/.*\/pack$/.test(one))).toBe(true);

  await writeFile(join(folder, 'tree/.beamtime-profile.json'), 'no note');
  expect(await readBy('three', await pushed('3'))).toBeGreaterThan(FILES);
});
