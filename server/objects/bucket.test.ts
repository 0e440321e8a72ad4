import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUCKET_KEYS, s3Bucket, type TestBucket } from '../../cvmfs/testkit/bucket.ts';
import { sha256 } from '../../platform/files.ts';
import { parseS3Address, S3, S3Fault } from '../../platform/s3.ts';
import type { Lease } from '../../protocol/project-api.ts';
import { StoreSnapshot } from '../../protocol/staff-api.ts';
import { writeBackup } from '../backup/backup.ts';
import { restoreBackup } from '../backup/restore.ts';
import { serverFiles } from '../files.ts';
import { type ChildServer, childServer } from '../testkit/child.ts';
import { Client, type Files, finished, Host, refusal, Staff } from '../testkit/client.ts';
import { modelCampaign, modelOutput, modelPrograms, modelRelease } from '../testkit/model.ts';
import { quiet, type TestServer, testServer } from '../testkit/server.ts';
import { until } from '../testkit/until.ts';
import { BucketShelf } from './bucket-shelf.ts';
import { openBucket } from './open-bucket.ts';

/** Against s3rver, an S3-compatible store of somebody else, in a process of its own. */
let folder = '';
let bucket: TestBucket;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-bucket-'));
  bucket = await s3Bucket(join(folder, 'store'), 'outputs');
});
afterAll(async () => {
  await bucket?.stop();
  await rm(folder, { recursive: true, force: true });
});

const settings = (prefix: string, credentials = BUCKET_KEYS) => ({
  objects: { url: `${bucket.url}/${prefix}`, credentials },
});
function s3Of(prefix: string): S3 {
  const address = parseS3Address(`${bucket.url}/${prefix}`);
  if (!address) throw new Error('no address of a bucket');
  return new S3(address, BUCKET_KEYS, new AbortController().signal, { waitsMs: [20], answerMs: 5000 });
}
/** As a server does it at its start. */
const opened = (dataFolder: string, { objects }: Partial<ReturnType<typeof settings>> = {}) =>
  openBucket(serverFiles(dataFolder), objects, 'of another key', quiet, new AbortController().signal);
const keyOf = (bytes: Buffer) => `objects/${sha256(bytes).slice(0, 2)}/${sha256(bytes)}`;
/** With a file that is no report's: of a size that comes in several pieces. */
function outputOf(lease: Lease): { readonly files: Files; readonly large: Buffer } {
  const large = randomBytes(600_000);
  return { large, files: { ...modelOutput(lease.card), 'events.bin': large } };
}

describe('a project with a bucket', () => {
  let server: TestServer;
  let staff: Staff;
  let host: Host;
  beforeAll(async () => {
    server = await testServer(settings('one'));
    staff = new Staff(server.url, server.staffToken);
    await staff.publish(modelRelease, modelPrograms);
    await staff.push(modelCampaign('kept', { events: 1000 }));
    host = await Host.register(server.url);
  });
  afterAll(() => server?.remove());
  const inFolder = async () => (await readdir(join(server.folder, 'objects'))).length;

  test('programs and uploads lie there and not in the folder, and are served whole and in ranges', async () => {
    const lease = await host.lease();
    const { files, large } = outputOf(lease);
    expect(await host.finish(lease, files)).toMatchObject({ state: 'valid' });
    expect(await s3Of('one').ask({ method: 'GET', key: keyOf(large) })).toEqual(large);
    expect(await inFolder()).toBe(0);
    const anybody = new Client(server.url);
    const path = `/objects/${sha256(large)}`;
    const whole = await anybody.send('GET', path);
    expect(whole.status).toBe(200);
    expect(whole.bytes.equals(large)).toBe(true);
    for (const [range, from, to] of [
      ['bytes=0-1', 0, 2],
      ['bytes=1000-400000', 1000, 400_001],
      ['bytes=599990-', 599_990, 600_000],
      ['bytes=-5', 599_995, 600_000],
    ] as const) {
      const part = await anybody.send('GET', path, undefined, { range });
      expect(part.status).toBe(206);
      expect(part.bytes.equals(large.subarray(from, to))).toBe(true);
    }
    const beyond = await anybody.send('GET', path, undefined, { range: 'bytes=600000-' });
    expect(refusal(beyond, 416)).toMatchObject({ code: 'range' });
    const program = modelPrograms['x86_64-linux'];
    expect((await anybody.send('GET', `/objects/${sha256(program)}`)).bytes).toEqual(program);
    // The same bytes again are there already.
    expect(await host.upload(large)).toEqual({ offset: large.length, complete: true });
    // Nothing is left that would have to be cleaned up.
    expect(await readdir(join(server.folder, 'placing'))).toEqual([sha256(program)]);
  });

  test('it goes away amid an upload: uploads go on, reports are to come again, and do so', async () => {
    const lease = await host.lease();
    const { files, large } = outputOf(lease);
    await host.part(sha256(large), large.subarray(0, 200_000), 0, large.length);
    bucket.awayAfter(-1);
    const rest = await host.part(sha256(large), large.subarray(200_000), 200_000, large.length);
    expect(rest.json).toEqual({ offset: large.length, complete: true });
    for (const content of Object.values(files)) await host.upload(Buffer.from(content));
    const report = finished(lease, files);
    const refused = await host.send('POST', '/results', report);
    expect(refusal(refused, 503)).toMatchObject({ code: 'objects-away' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    // What needs no bucket is as before.
    expect((await new Client(server.url).send('GET', '/health')).status).toBe(200);
    expect((await host.lease([lease.id])).id).not.toBe(lease.id);
    bucket.back();
    expect(await host.report(report)).toMatchObject({ state: 'valid' });
    expect(await s3Of('one').ask({ method: 'GET', key: keyOf(large) })).toEqual(large);
  });

  test('a way to the bucket that breaks within a file is tried again', async () => {
    const lease = await host.lease();
    const { files, large } = outputOf(lease);
    bucket.cutPutAfter(100_000);
    expect(await host.finish(lease, files)).toMatchObject({ state: 'valid' });
    expect(await s3Of('one').ask({ method: 'GET', key: keyOf(large) })).toEqual(large);
  });

  test('a started server goes on when it starts without the bucket, and refuses to leave it', async () => {
    const lease = await host.lease();
    const { files, large } = outputOf(lease);
    bucket.awayAfter(-1);
    await server.restart();
    for (const content of Object.values(files)) await host.upload(Buffer.from(content));
    const refused = await host.send('POST', '/results', finished(lease, files));
    expect(refusal(refused, 503)).toMatchObject({ code: 'objects-away' });
    bucket.back();
    expect(await host.report(finished(lease, files))).toMatchObject({ state: 'valid' });

    const backup = join(folder, 'backup.tar');
    const { file, takenAt, serverVersion } = await staff.ask(StoreSnapshot, 'POST', '/staff/snapshots');
    const about = { takenAt, serverVersion };
    const { url } = settings('one').objects;
    const written = await writeBackup(serverFiles(server.folder), file, about, backup);
    expect(written.bucket).toBe(url);
    expect(written.bytes).toBeGreaterThan(0);
    await server.stop();
    const restored = join(folder, 'restored');
    expect((await restoreBackup(backup, restored, new Date())).about.bucket).toBe(url);
    expect(existsSync(join(restored, 'placing'))).toBe(false);
    // A restored project knows where its objects are; without them it would say that they are damaged.
    await expect(opened(restored)).rejects.toThrow(`are in ${url}: say so`);
    await expect(opened(restored, settings('elsewhere'))).rejects.toThrow('copy all of that first');
    const again = await testServer({ dataFolder: restored, ...settings('one') });
    const found = await new Client(again.url).send('GET', `/objects/${sha256(large)}`);
    expect(found.bytes.equals(large)).toBe(true);
    await again.remove();
  });
});

test.each([
  [
    'wrong keys',
    () => settings('two', { ...BUCKET_KEYS, accessKeyId: 'nobody' }),
    /answered 403 \(.*its keys/,
  ],
  [
    'a bucket that is not there',
    () => ({ objects: { url: new URL('/none/x', bucket.url).href, credentials: BUCKET_KEYS } }),
    /bucket none: it answered 404 \(NoSuchBucket\)/,
  ],
  [
    'a store that is not there',
    () => ({ objects: { url: 'http://127.0.0.1:1/x', credentials: BUCKET_KEYS } }),
    /can not be used \(127.0.0.1:1/,
  ],
  ["another project's", () => settings('one'), /is of the project with key .*of its own/],
])('%s: no server starts, and it says why', async (_what, options, message) => {
  await expect(opened(join(folder, 'unstarted'), options())).rejects.toThrow(message);
});

test('killed between the PUT and the commit: the report comes again, and all is there', async () => {
  const data = join(folder, 'killed');
  const options = { bucket: settings('killed').objects.url };
  let server: ChildServer = await childServer(data, options);
  try {
    const port = Number(new URL(server.url).port);
    const staff = new Staff(server.url, server.staffToken);
    await staff.publish(modelRelease, modelPrograms);
    await staff.push(modelCampaign('killed'));
    const host = await Host.register(server.url);
    const lease = await host.lease();
    const { files, large } = outputOf(lease);
    for (const content of Object.values(files)) await host.upload(Buffer.from(content));
    const put = bucket.unansweredPut();
    const cut = host.send('POST', '/results', finished(lease, files)).catch(() => 'cut');
    await put;
    await server.kill();
    expect(await cut).toBe('cut');
    expect((await readdir(join(data, 'placing'))).length).toBeGreaterThan(0);
    server = await childServer(data, { ...options, port });
    expect(await host.report(finished(lease, files))).toMatchObject({ state: 'valid' });
    const found = await new Client(server.url).send('GET', `/objects/${sha256(large)}`);
    expect(found.bytes.equals(large)).toBe(true);
    const program = sha256(modelPrograms['x86_64-linux']);
    expect(await readdir(join(data, 'placing'))).toEqual([program]);
  } finally {
    await server.kill();
  }
});

describe('the shelf', () => {
  const DAY_MS = 86_400_000;
  let nowMs = Date.parse('2026-01-01T00:00:00Z');
  const shelfOf = (prefix: string) =>
    new BucketShelf({
      s3: s3Of(prefix),
      notes: join(folder, `notes-${prefix}`),
      inTurn: (_name, work) => work(),
      now: () => new Date(nowMs),
    });
  const place = async (shelf: BucketShelf, bytes: Buffer) => {
    const path = join(folder, 'coming');
    await writeFile(path, bytes);
    await shelf.adopt(sha256(bytes), path);
    expect(existsSync(path)).toBe(false);
  };

  test('what nothing names goes after days, in two steps; what is named or comes again stays', async () => {
    const shelf = shelfOf('garbage');
    const [garbage, named, again, young] = ['garbage', 'named', 'again', 'young'].map((text) =>
      Buffer.from(text),
    );
    if (!garbage || !named || !again || !young) throw new Error('none');
    for (const bytes of [garbage, named, again]) await place(shelf, bytes);
    nowMs += 5 * DAY_MS;
    await place(shelf, young);
    const areNamed = async (hashes: readonly string[]) =>
      new Set(hashes.filter((hash) => hash === sha256(named)));
    expect(await shelf.collect(areNamed)).toBe(0);
    expect(await shelf.size(sha256(garbage))).toBe(7);
    nowMs += 3 * DAY_MS;
    expect(await shelf.collect(areNamed)).toBe(0);
    // As good as gone: who asks for it sends it again.
    expect(await shelf.size(sha256(garbage))).toBeNull();
    expect(await shelf.size(sha256(named))).toBe(5);
    await place(shelf, again);
    expect(await shelf.size(sha256(again))).toBe(5);
    expect(await shelf.collect(areNamed)).toBe(0);
    nowMs += 2 * 3_600_000;
    expect(await shelf.collect(areNamed)).toBe(1);
    const s3 = s3Of('garbage');
    expect(await s3.size(keyOf(garbage))).toBeNull();
    for (const bytes of [named, again, young]) expect(await s3.size(keyOf(bytes))).toBe(5);
    expect((await readdir(join(folder, 'notes-garbage'))).sort()).toEqual(
      [sha256(again), sha256(young)].sort(),
    );
  });

  test('what is damaged there is not served as if it were sound, and is mended by putting it again', async () => {
    const shelf = shelfOf('damaged');
    const bytes = randomBytes(300_000);
    const hash = sha256(bytes);
    const other = Buffer.from(bytes);
    other[150_000] = (other[150_000] ?? 0) ^ 1;
    await place(shelf, bytes);
    await s3Of('damaged').ask({ method: 'PUT', key: keyOf(bytes), body: other });
    const stream = await shelf.stream(hash, 0, bytes.length - 1);
    await expect(new Response(stream).arrayBuffer()).rejects.toThrow();
    expect(await shelf.size(hash)).toBeNull();
    await place(shelf, bytes);
    expect(await shelf.read(hash)).toEqual(bytes);
    await s3Of('damaged').ask({ method: 'PUT', key: keyOf(bytes), body: other });
    await expect(shelf.read(hash)).rejects.toThrow(/upload it again/);
    await place(shelf, bytes);
    expect(await shelf.read(hash)).toEqual(bytes);
  });

  test('nothing is nothing, also where it has no bytes', async () => {
    const shelf = shelfOf('empty');
    const none = Buffer.alloc(0);
    expect(await shelf.size(sha256(none))).toBeNull();
    expect(await shelf.read(sha256(none))).toBeNull();
    expect(await shelf.stream(sha256(none), 0, 10)).toBeNull();
    await place(shelf, none);
    expect(await shelf.size(sha256(none))).toBe(0);
    expect(await shelf.read(sha256(none))).toEqual(none);
    expect(await new Response(await shelf.stream(sha256(none), 0, 63)).bytes()).toHaveLength(0);
  });

  test('a store that is away is told from one that refuses', async () => {
    bucket.awayAfter(-1);
    const away = await shelfOf('x')
      .size('0'.repeat(64))
      .catch((error: unknown) => error);
    bucket.back();
    expect(away).toBeInstanceOf(S3Fault);
    expect(away).toMatchObject({ isAway: true });
    await until('it is back', async () => (await shelfOf('x').size('0'.repeat(64))) === null);
  });
});
