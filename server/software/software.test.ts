import { createPublicKey } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkRepository, FolderPlace, resign } from '../../cvmfs/publish/index.ts';
import { ObjectCache, Repository } from '../../cvmfs/read/index.ts';
import { sha256 } from '../../platform/files.ts';
import { ProjectInfo, SoftwareListing } from '../../protocol/project-api.ts';
import { Release, Signed } from '../../protocol/release.ts';
import { canonicalJson } from '../canonical.ts';
import { serverFiles } from '../files.ts';
import { projectKey } from '../key.ts';
import { openPglite } from '../store/pglite.ts';
import { Client, refusal, Staff } from '../testkit/client.ts';
import { modelPrograms, modelRelease } from '../testkit/model.ts';
import { type TestServer, testServer } from '../testkit/server.ts';

let server: TestServer;
let anybody: Client;
let staff: Staff;
let files: ReturnType<typeof serverFiles>;
beforeAll(async () => {
  server = await testServer();
  files = serverFiles(server.folder);
  anybody = new Client(server.url);
  staff = new Staff(server.url, server.staffToken);
});
afterAll(() => server?.remove());

const listing = () => anybody.ask(SoftwareListing, 'GET', '/software');
const named = async (name: string) => (await listing()).published.find((one) => one.name === name);
const put = (change: object) => staff.send('PUT', '/staff/releases', { ...modelRelease, ...change });

async function upload(text: string): Promise<{ sha256: string; bytes: number }> {
  const bytes = Buffer.from(text);
  await staff.send('PUT', `/staff/objects/${sha256(bytes)}`, bytes);
  return { sha256: sha256(bytes), bytes: bytes.length };
}

/** As a host has it: over HTTP, believed by the key that the server shows, whose fingerprint the invitation has. */
async function opened<T>(tag: string, use: (repository: Repository) => Promise<T>): Promise<T> {
  const { repository, masterKey } = await listing();
  const folder = join(server.folder, `reader-${tag}`);
  const cache = await ObjectCache.open(folder, 1e8);
  const open = await Repository.open({
    repository,
    servers: [`${server.url}/cvmfs/${repository}`],
    masterKeys: [createPublicKey({ key: Buffer.from(masterKey, 'base64'), format: 'der', type: 'spki' })],
    cache,
    stateFolder: folder,
    pin: { tag },
  });
  try {
    return await use(open);
  } finally {
    await open.close();
    await rm(folder, { recursive: true });
  }
}

/** The server's store, while the server is down. */
async function inStore(work: (query: (sql: string, values: unknown[]) => Promise<unknown>) => Promise<void>) {
  await server.stop();
  const db = await openPglite(files.database);
  try {
    await work((sql, values) => db.transaction((tx) => tx.query(sql, values)));
  } finally {
    await db.close();
    await server.restart();
  }
}

describe('the software of a project', () => {
  test('has a key before it has anything else, and the invitation names it', async () => {
    const { software } = await anybody.ask(ProjectInfo, 'GET', '/project');
    const der = Buffer.from(software?.masterKey ?? '', 'base64');
    expect(sha256(der).slice(0, 32)).toBe(software?.masterKeyFingerprint);
    expect(new URL(server.invitation).searchParams.get('software')).toBe(software?.masterKeyFingerprint);
    expect(await listing()).toMatchObject({ repository: software?.repository, state: null, published: [] });
    expect(existsSync(files.repositories)).toBe(false);
  });

  test('is a repository that begins with the first release, each release a folder and a tag', async () => {
    await staff.publish(modelRelease, modelPrograms);
    const { state, published, repository } = await listing();
    expect(state?.daysLeft).toBeGreaterThan(29);
    const [one] = published;
    expect(one).toMatchObject({ kind: 'release', name: 'model 1', files: 2 });
    expect(one?.place).toMatchObject({ tag: 'model-1', path: '/releases/model/1', repository });
    const { body } = await anybody.ask(Signed, 'GET', '/releases/model/1');
    expect(Release.parse(JSON.parse(body)).software).toEqual(one?.place);
    await opened('model-1', async ({ snapshot }) => {
      expect(snapshot.root.hash).toBe(one?.place?.rootCatalog);
      const program = await snapshot.readFile('/releases/model/1/x86_64-linux/program');
      expect(program.equals(modelPrograms['x86_64-linux'])).toBe(true);
      const release = JSON.parse((await snapshot.readFile('/releases/model/1/release.json')).toString());
      expect(release.software).toBeUndefined();
      expect((await snapshot.lookup('/releases/model/1')).entry.nestedMountpoint).toBe(true);
    });
  });

  test('the very same again changes nothing; other content of that version is refused', async () => {
    const before = await listing();
    await staff.publish(modelRelease, modelPrograms);
    expect(await listing()).toMatchObject({
      published: before.published,
      state: { revision: before.state?.revision },
    });
    const programs = { 'x86_64-linux': await upload('another program') };
    expect(refusal(await put({ programs }), 409)).toMatchObject({ code: 'release-exists', place: 'version' });
    expect(await listing()).toMatchObject({ state: { revision: before.state?.revision } });
  });

  test('several at once come one after the other: all are there, and of one version the first', async () => {
    const programs = await Promise.all(['p', 'q'].map((text) => upload(text)));
    const [p, q] = programs.map((program) => ({ programs: { 'x86_64-linux': program } }));
    const replies = await Promise.all([
      put({ ...p, version: '2' }),
      put({ ...q, version: '2' }),
      put({ ...p, version: '3' }),
      put({ ...p, version: '2' }),
    ]);
    expect(replies.map(({ status }) => status)).toEqual([200, 409, 200, 200]);
    for (const version of ['1', '2', '3']) {
      await opened(`model-${version}`, async ({ snapshot }) => {
        const place = (await named(`model ${version}`))?.place;
        expect(snapshot.root.hash).toBe(place?.rootCatalog);
        expect((await snapshot.readFile(`${place?.path}/x86_64-linux/program`)).length).toBeGreaterThan(0);
      });
    }
  });

  test('where a release lies is not for staff to say, and no two have one tag', async () => {
    const programs = { 'x86_64-linux': await upload('p') };
    const software = (await named('model 1'))?.place;
    expect(refusal(await put({ programs, version: '4', software }), 422).place).toBe('software');
    expect((await put({ programs, application: 'a', version: 'b-c' })).status).toBe(200);
    const taken = refusal(await put({ programs, application: 'a-b', version: 'c' }), 409);
    expect(taken).toMatchObject({ code: 'tag-taken', message: expect.stringContaining('a b-c') });
  });

  test('the appliance lies there too', async () => {
    const upload_ = { kernel: await upload('kernel'), initrd: await upload('initrd'), kernelVersion: '6.1' };
    const reply = await staff.send('PUT', '/staff/appliance', upload_);
    const { image, software } = JSON.parse(Signed.parse(reply.json).body);
    expect(await named(image)).toMatchObject({ kind: 'appliance', title: 'Linux 6.1', bytes: 12, files: 2 });
    await opened(software.tag, async ({ snapshot }) => {
      expect((await snapshot.readFile(`/appliances/${image}/initrd`)).toString()).toBe('initrd');
    });
    expect((await staff.send('PUT', '/staff/appliance', upload_)).json).toEqual(reply.json);
  });

  test('what a killed server had published but not noted may be published anew, with other content too', async () => {
    await inStore((query) =>
      query(`DELETE FROM release WHERE application = $1 AND version = '3'`, ['model']).then(() => {}),
    );
    expect((await put({ programs: { 'x86_64-linux': await upload('r') }, version: '3' })).status).toBe(200);
    await opened('model-3', async ({ snapshot }) => {
      expect((await snapshot.readFile('/releases/model/3/x86_64-linux/program')).toString()).toBe('r');
      expect(snapshot.root.hash).toBe((await named('model 3'))?.place?.rootCatalog);
    });
  });

  test('a release of a time without repository gets its place when it is pushed again', async () => {
    const key = await projectKey(files.key);
    await inStore(async (query) => {
      const program = { sha256: sha256('q'), bytes: 1 };
      const old = key.sign(
        canonicalJson({ ...modelRelease, version: 'old', programs: { 'x86_64-linux': program } }),
      );
      await query(
        `INSERT INTO release (application, version, body, signature, added_at) VALUES ('model', 'old', $1, $2, now())`,
        [old.body, old.signature],
      );
    });
    expect(await named('model old')).toMatchObject({ place: null, bytes: expect.any(Number) });
    expect((await put({ programs: { 'x86_64-linux': await upload('q') }, version: 'old' })).status).toBe(200);
    expect((await named('model old'))?.place?.tag).toBe('model-old');
  });

  test('the data folder may move; the whitelist is signed anew in time; all of it passes the check', async () => {
    const { repository } = await listing();
    const nowSeconds = Date.now() / 1000;
    await resign(files.publisher(repository), files.masterKey, 2, Math.floor(nowSeconds));
    expect((await listing()).state?.daysLeft).toBeLessThan(3);
    await server.stop();
    await rename(server.folder, `${server.folder}-moved`);
    await server.restart(`${server.folder}-moved`);
    files = serverFiles(server.folder);
    await expect.poll(async () => (await listing()).state?.daysLeft).toBeGreaterThan(29);
    expect((await put({ programs: { 'x86_64-linux': await upload('p') }, version: '9' })).status).toBe(200);
    const { masterKey } = await listing();
    const key = createPublicKey({ key: Buffer.from(masterKey, 'base64'), format: 'der', type: 'spki' });
    const scratch = join(server.folder, 'scratch');
    await mkdir(scratch);
    const checked = await checkRepository({
      place: new FolderPlace(join(files.repositories, repository)),
      scratch,
      masterKeys: [key],
      readObjects: true,
      nowSeconds,
    });
    expect(checked.problems).toEqual([]);
  });

  test('the master key may be taken away once the repository is there', async () => {
    const before = (await listing()).masterKeyFingerprint;
    await rm(files.masterKey);
    await server.restart();
    expect((await put({ programs: { 'x86_64-linux': await upload('p') }, version: '10' })).status).toBe(200);
    expect((await listing()).masterKeyFingerprint).toBe(before);
    const { repository } = await listing();
    await rm(join(files.repositories, repository), { recursive: true });
    await rm(join(files.publisher(repository), 'publisher.json'));
    const missing = refusal(
      await put({ programs: { 'x86_64-linux': await upload('p') }, version: '11' }),
      409,
    );
    expect(missing).toMatchObject({ code: 'master-key-missing' });
    expect(await readFile(files.key, 'utf8')).toContain('PRIVATE KEY');
  });
});
