import { request } from 'node:http';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../platform/files.ts';
import { API_PREFIX, type Lease, LeaseReply, type ResultReport } from '../protocol/project-api.ts';
import { Release, Signed } from '../protocol/release.ts';
import { Client, failedReport, finished, Host, refusal, Staff } from './testkit/client.ts';
import { modelCampaign, modelOutput, modelPrograms, modelRelease, modelSums } from './testkit/model.ts';
import { type TestServer, testServer } from './testkit/server.ts';
import { until } from './testkit/until.ts';

let server: TestServer;
let staff: Staff;
let anybody: Client;
beforeAll(async () => {
  server = await testServer();
  staff = new Staff(server.url, server.staffToken);
  anybody = new Client(server.url);
  await staff.publish(modelRelease, modelPrograms);
});
afterAll(() => server?.remove());

let campaigns = 0;
/** A campaign of its own for a test, with outputs of its own; others have been finished by theirs. */
async function campaign(name: string, change: Parameters<typeof modelCampaign>[1] = {}): Promise<void> {
  campaigns++;
  await staff.push(modelCampaign(name, { seed: campaigns, ...change }));
}

/** Finishes what is open of a campaign, so that the next test's leases are of its own. */
async function finishAll(): Promise<void> {
  for (;;) {
    const host = await Host.register(server.url);
    const { leases } = await host.leases(256);
    if (leases.length === 0) return;
    for (const lease of leases) await host.finish(lease, modelOutput(lease.card));
  }
}

/** The report with all files in it. */
function inline(lease: Lease, files: Record<string, string>): ResultReport {
  const report = finished(lease, files);
  if (report.outcome.state !== 'finished') throw new Error('not a report of outputs');
  for (const file of report.outcome.files) file.data = Buffer.from(files[file.path] ?? '').toString('base64');
  return report;
}

test('without a campaign there is no work, and that is told', async () => {
  const host = await Host.register(server.url);
  expect(await host.leases(1)).toMatchObject({ leases: [], reason: expect.stringMatching(/no campaign/) });
});

test('from registration to credit, all over HTTP', async () => {
  await campaign('whole-path', { events: 100 });
  const host = await Host.register(server.url);
  const lease = await host.lease();
  expect(lease).toMatchObject({
    campaign: 'whole-path',
    application: 'model',
    version: '1',
    card: { firstEvent: 0, events: 100 },
  });

  const signed = Signed.parse(
    (await anybody.send('GET', `/releases/${lease.application}/${lease.version}`)).json,
  );
  const program = Release.parse(JSON.parse(signed.body)).programs['x86_64-linux'];
  const fetched = await anybody.send('GET', `/objects/${program?.sha256}`);
  expect(fetched.bytes).toEqual(modelPrograms['x86_64-linux']);

  const verdict = await host.finish(lease, modelOutput(lease.card));
  expect(verdict).toEqual({ lease: lease.id, state: 'valid', creditMicroseconds: 250, reason: null });
  const { state, points, eventsValid } = await staff.campaign('whole-path');
  expect({ state, eventsValid }).toEqual({ state: 'complete', eventsValid: 100 });
  expect(points[0]).toMatchObject(modelSums([lease.card]));
  expect(await host.standing()).toMatchObject({
    creditMicroseconds: 250,
    eventsValid: 100,
    results: { valid: 1, pending: 0, invalid: 0, failed: 0 },
  });
  const [result] = await staff.results('&campaign=whole-path');
  expect(result).toMatchObject({ state: 'valid', hostId: host.id, creditMicroseconds: 250 });
  const [file] = result?.files ?? [];
  const kept = await anybody.send('GET', `/objects/${file?.sha256}`);
  expect(kept.bytes.toString('utf8')).toBe(modelOutput(lease.card)['blocks.jsonl']);
});

test('outputs that go with the report are kept like those that were uploaded', async () => {
  await campaign('inline', { events: 100 });
  const host = await Host.register(server.url);
  const lease = await host.lease();
  const files = { ...modelOutput(lease.card), 'sample.txt': 'a sample\n', empty: '' } as Record<
    string,
    string
  >;
  expect(await host.report(inline(lease, files))).toMatchObject({ state: 'valid', creditMicroseconds: 250 });
  expect((await staff.campaign('inline')).points[0]).toMatchObject(modelSums([lease.card]));
  await server.restart();
  for (const text of Object.values(files)) {
    const kept = await anybody.send('GET', `/objects/${sha256(text)}`);
    expect({ status: kept.status, text: kept.bytes.toString('utf8') }).toEqual({ status: 200, text });
  }
  const part = await anybody.send('GET', `/objects/${sha256('a sample\n')}`, undefined, {
    range: 'bytes=2-4',
  });
  expect([part.status, part.bytes.toString('utf8')]).toEqual([206, 'sam']);
});

describe('objects', () => {
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251));
  const path = `/objects/${sha256(bytes)}`;
  beforeAll(async () => {
    expect((await staff.send('PUT', `/staff${path}`, bytes)).status).toBe(200);
  });

  test.each([
    ['bytes=0-9', 206, 'bytes 0-9/100000', [0, 10]],
    ['bytes=99990-', 206, 'bytes 99990-99999/100000', [99_990, 100_000]],
    ['bytes=-5', 206, 'bytes 99995-99999/100000', [99_995, 100_000]],
    ['bytes=50000-999999', 206, 'bytes 50000-99999/100000', [50_000, 100_000]],
    ['bytes=0-1,4-5', 200, null, [0, 100_000]],
    ['nonsense', 200, null, [0, 100_000]],
  ])('range %s', async (range, status, contentRange, [from, to]) => {
    const reply = await anybody.send('GET', path, undefined, { range });
    expect(reply.status).toBe(status);
    expect(reply.headers.get('content-range')).toBe(contentRange);
    expect(reply.headers.get('accept-ranges')).toBe('bytes');
    expect(reply.bytes.equals(bytes.subarray(from, to))).toBe(true);
  });

  test('a range beyond the end says how long the object is', async () => {
    const reply = await anybody.send('GET', path, undefined, { range: 'bytes=100000-' });
    expect(refusal(reply, 416).message).toContain('100000 bytes');
    expect(reply.headers.get('content-range')).toBe('bytes */100000');
  });

  test('ETag: not sent again; a range only of the same', async () => {
    const etag = (await anybody.send('HEAD', path)).headers.get('etag') ?? '';
    const again = await anybody.send('GET', path, undefined, { 'if-none-match': etag });
    expect([again.status, again.bytes.length]).toEqual([304, 0]);
    const same = await anybody.send('GET', path, undefined, { range: 'bytes=0-9', 'if-range': etag });
    const other = await anybody.send('GET', path, undefined, { range: 'bytes=0-9', 'if-range': '"x"' });
    expect([same.status, other.status]).toEqual([206, 200]);
  });

  test('HEAD tells the length and sends nothing', async () => {
    const reply = await anybody.send('HEAD', path);
    expect([reply.status, reply.headers.get('content-length'), reply.bytes.length]).toEqual([
      200,
      '100000',
      0,
    ]);
  });

  test.each([
    [`/objects/${'0'.repeat(64)}`, 404],
    ['/objects/..%2f..%2fproject.key', 422],
    [`/objects/${'0'.repeat(63)}`, 422],
    [`/objects/${'A'.repeat(64)}`, 422],
    ['/objects/%00', 422],
    ['/objects/%zz', 422],
  ])('%s: %d', async (name, status) => {
    refusal(await anybody.send('GET', name), status);
  });
});

describe('uploads', () => {
  let host: Host;
  let lease: Lease;
  let files: Record<string, Buffer>;
  let bytes: Buffer;
  let hash: string;
  beforeAll(async () => {
    await campaign('uploads', { events: 1000 });
  });
  /** A host with a lease, and an output too large to go with a report. */
  async function begin(mark: string): Promise<void> {
    host = await Host.register(server.url);
    lease = await host.lease();
    bytes = Buffer.concat([Buffer.from(mark), Buffer.alloc(600_000, 7)]);
    hash = sha256(bytes);
    files = { ...modelOutput(lease.card), 'sample.bin': bytes } as Record<string, Buffer>;
  }

  test('a connection that is cut in the middle: what came counts, the rest follows', async () => {
    await begin('cut');
    const url = new URL(`${server.url}${API_PREFIX}/uploads/${hash}`);
    const headers = {
      authorization: `Bearer ${host.token}`,
      'upload-offset': '0',
      'upload-length': String(bytes.length),
      'content-length': String(bytes.length),
    };
    const cut = request(url, { method: 'PATCH', headers });
    const closed = new Promise((resolve) => cut.on('close', resolve));
    cut.on('error', () => {}); // it is we who cut it
    cut.write(bytes.subarray(0, 300_000));
    const state = async () => (await host.send('GET', `/uploads/${hash}`)).json as { offset: number };
    await until('the first half on disk', async () => (await state()).offset >= 300_000);
    cut.destroy();
    await closed;
    const { offset } = await state();
    expect(offset).toBe(300_000);

    const again = await host.part(hash, bytes, 0, bytes.length);
    expect([again.status, again.json]).toEqual([409, { offset, complete: false }]);
    await server.restart();
    const rest = await host.part(hash, bytes.subarray(offset), offset, bytes.length);
    expect([rest.status, rest.json]).toEqual([200, { offset: bytes.length, complete: true }]);
    expect((await host.send('GET', `/uploads/${hash}`)).json).toEqual({
      offset: bytes.length,
      complete: true,
    });
    expect(await host.finish(lease, files)).toMatchObject({ state: 'valid' });
    const kept = await anybody.send('GET', `/objects/${hash}`);
    expect(sha256(kept.bytes)).toBe(hash);
  });

  test('bytes of another hash are refused, and it begins anew', async () => {
    await begin('wrong');
    const wrong = Buffer.from(bytes);
    wrong[1000] = 8;
    const reply = await host.part(hash, wrong, 0, wrong.length);
    expect(refusal(reply, 422)).toMatchObject({ code: 'hash-mismatch', place: 'body' });
    expect((await host.send('GET', `/uploads/${hash}`)).json).toEqual({ offset: 0, complete: false });
    expect((await anybody.send('GET', `/objects/${hash}`)).status).toBe(404);
    // In two parts the whole is read again from disk.
    await host.part(hash, wrong.subarray(0, 2000), 0, wrong.length);
    refusal(await host.part(hash, wrong.subarray(2000), 2000, wrong.length), 422);
    await host.upload(bytes);
    expect(await host.finish(lease, files)).toMatchObject({ state: 'valid' });
  });

  test('more bytes than announced are refused', async () => {
    await begin('more');
    expect(refusal(await host.part(hash, bytes, 0, 1000), 413).code).toBe('too-large');
  });

  test('two connections with one file at once leave it whole', async () => {
    await begin('twice');
    for (let round = 0; round < 5; round++) {
      const part = () => host.part(hash, bytes, 0, bytes.length);
      const replies = await Promise.all([part(), part(), part(), part()]);
      for (const { status } of replies) expect([200, 409, 422]).toContain(status);
      const { json } = await host.send('GET', `/uploads/${hash}`);
      const { offset, complete } = json as { offset: number; complete: boolean };
      if (!complete) await host.part(hash, bytes.subarray(offset), offset, bytes.length);
    }
    await host.upload(bytes);
    expect(await host.finish(lease, files)).toMatchObject({ state: 'valid' });
    expect(sha256((await anybody.send('GET', `/objects/${hash}`)).bytes)).toBe(hash);
  });

  test('nobody may upload without a lease, or more than it allows', async () => {
    await begin('due');
    const idle = await Host.register(server.url);
    expect(refusal(await idle.part(hash, bytes, 0, bytes.length), 403)).toMatchObject({
      code: 'nothing-due',
      place: 'header upload-length',
    });
    refusal(await host.part(hash, bytes.subarray(0, 10), 0, 1_000_001), 403);
    const other = Buffer.alloc(500_000, 1);
    await host.part(hash, bytes, 0, bytes.length);
    refusal(await host.part(sha256(other), other, 0, other.length), 403);
    await host.send('POST', '/leases/release', { leases: [lease.id] });
    refusal(await host.part(sha256(other), other, 0, other.length), 403);
  });

  test.each([
    [{ 'upload-offset': 'x', 'upload-length': '5' }, 'header upload-offset'],
    [{ 'upload-offset': '', 'upload-length': '5' }, 'header upload-offset'],
    [{ 'upload-offset': '-1', 'upload-length': '5' }, 'header upload-offset'],
    [{ 'upload-offset': '0', 'upload-length': '99999999999' }, 'header upload-length'],
    [{ 'upload-offset': '0', 'upload-length': '2000000000' }, 'header upload-length'],
    [{ 'upload-offset': '0' }, 'header upload-length'],
  ])('headers %j are refused', async (headers, place) => {
    const idle = await Host.register(server.url);
    const reply = await idle.send(
      'PATCH',
      `/uploads/${'a'.repeat(64)}`,
      Buffer.from('hello'),
      headers as Record<string, string>,
    );
    expect(refusal(reply, 422).place).toBe(place);
  });

  afterAll(finishAll);
});

describe('reports', () => {
  let host: Host;
  let lease: Lease;
  beforeAll(() => campaign('reports', { events: 5000 }));
  afterAll(finishAll);
  const begin = async () => {
    host = await Host.register(server.url);
    lease = await host.lease();
  };

  test('told many times, at once and later, counts once', async () => {
    await begin();
    const before = await staff.campaign('reports');
    const report = inline(lease, modelOutput(lease.card) as Record<string, string>);
    const verdicts = await Promise.all(Array.from({ length: 20 }, () => host.report(report)));
    for (const verdict of verdicts)
      expect(verdict).toEqual({ lease: lease.id, state: 'valid', creditMicroseconds: 250, reason: null });
    await server.restart();
    expect(await host.report(report)).toEqual(verdicts[0]);
    // What the host tells now makes no difference.
    expect(await host.report(failedReport(lease))).toEqual(verdicts[0]);
    const after = await staff.campaign('reports');
    expect(after.unitsValid - before.unitsValid).toBe(1);
    expect((after.points[0]?.histograms.a?.[1] ?? 0) - (before.points[0]?.histograms.a?.[1] ?? 0)).toBe(100);
    expect((await host.standing()).creditMicroseconds).toBe(250);
  });

  test("another host's lease is refused and stays as it is", async () => {
    await begin();
    const thief = await Host.register(server.url);
    const files = modelOutput(lease.card);
    const reply = await thief.send('POST', '/results', inline(lease, files as Record<string, string>));
    expect(refusal(reply, 403)).toMatchObject({ code: 'not-your-lease', place: 'lease' });
    await thief.send('POST', '/leases/release', { leases: [lease.id] });
    expect((await host.leases(0, [lease.id])).unknown).toEqual([]);
    expect(await host.finish(lease, files)).toMatchObject({ state: 'valid' });
    refusal(await thief.send('POST', '/results', finished(lease, files)), 403);
    const reply2 = await thief.send('POST', '/verdicts', { leases: [lease.id] });
    expect(reply2.json).toEqual({ verdicts: [] });
  });

  test.each(['l999999', 'nonsense', 'h1', "l1'; DROP TABLE lease; --"])('lease %s is unknown', async (id) => {
    await begin();
    const reply = await host.send('POST', '/results', failedReport({ ...lease, id }));
    expect(refusal(reply, 404)).toMatchObject({ code: 'unknown-lease', place: 'lease' });
  });

  test('files that are missing or not as told are named, and the report may come again', async () => {
    await begin();
    const files = modelOutput(lease.card);
    const report = finished(lease, files);
    if (report.outcome.state !== 'finished') throw new Error('not a report of outputs');
    const say = async (change: object, status = 422) =>
      refusal(
        await host.send('POST', '/results', { ...report, outcome: { ...report.outcome, ...change } }),
        status,
      );
    const [file] = report.outcome.files;
    if (!file) throw new Error('no file');
    expect(await say({})).toMatchObject({ code: 'file-missing', place: 'outcome.files[0]' });
    expect(await say({ outputHash: 'a'.repeat(64) })).toMatchObject({ place: 'outcome.outputHash' });
    expect(await say({ files: [file, file] })).toMatchObject({
      code: 'manifest-invalid',
      place: 'outcome.files',
    });
    expect(await say({ files: [{ ...file, data: 'AAAA' }] })).toMatchObject({
      code: 'hash-mismatch',
      place: 'outcome.files[0].data',
    });
    expect(await say({ files: [{ ...file, path: '../x' }] })).toMatchObject({
      place: 'outcome.files[0].path',
    });
    expect(await say({ files: [{ ...file, path: '\ud800' }] })).toMatchObject({
      place: 'outcome.files[0].path',
    });
    expect(await say({ files: [] })).toMatchObject({ place: 'outcome.files' });
    await host.upload(Buffer.from(files['blocks.jsonl'] ?? ''));
    expect(await say({ files: [{ ...file, bytes: file.bytes + 1 }] })).toMatchObject({
      place: 'outcome.files[0].bytes',
    });
    expect(await host.report(report)).toMatchObject({ state: 'valid' });
  });

  test('what comes compressed is unpacked as far as was announced, and counts the same', async () => {
    await begin();
    const files = modelOutput(lease.card);
    const report = finished(lease, files);
    if (report.outcome.state !== 'finished') throw new Error('not a report of outputs');
    const [file] = report.outcome.files;
    if (!file) throw new Error('no file');
    const send = (data: Buffer, change: object = {}) => {
      const sent = { ...file, ...change, data: data.toString('base64'), deflated: true };
      return host.send('POST', '/results', { ...report, outcome: { ...report.outcome, files: [sent] } });
    };
    const bytes = Buffer.from(files['blocks.jsonl'] ?? '');
    const refused = { code: 'hash-mismatch', place: 'outcome.files[0].data' };
    expect(refusal(await send(deflateRawSync(Buffer.alloc(100e6))), 422)).toMatchObject(refused);
    expect(refusal(await send(bytes), 422)).toMatchObject(refused);
    expect(refusal(await send(deflateRawSync(bytes.subarray(1))), 422)).toMatchObject(refused);
    expect((await send(deflateRawSync(bytes))).json).toMatchObject({ state: 'valid' });
    expect((await anybody.send('GET', `/objects/${file.sha256}`)).bytes.toString()).toBe(bytes.toString());
  });

  test('too many bytes with a report are refused', async () => {
    await begin();
    const files = { a: 'a'.repeat(400_000), b: 'b'.repeat(200_000) };
    const reply = await host.send('POST', '/results', inline(lease, files));
    expect(refusal(reply, 422)).toMatchObject({ code: 'too-large', place: 'outcome.files' });
  });

  test.each([
    ['no blocks', { 'other.txt': 'x' }, 'the output has no blocks.jsonl'],
    ['a cut file', { 'blocks.jsonl': '{"firstEvent":0' }, 'blocks.jsonl does not end in a newline'],
    ['lines of nonsense', { 'blocks.jsonl': 'a\nb\n' }, 'blocks.jsonl line 1: not JSON'],
    ['no JSON object', { 'blocks.jsonl': '[]\n[]\n' }, 'blocks.jsonl line 1: '],
    ['too few blocks', { 'blocks.jsonl': '{}\n' }, 'blocks.jsonl has 1 blocks, the card asks for 2'],
    [
      'more than the release allows',
      {
        'blocks.jsonl': 'x\n',
        big: 'x'.repeat(300_000),
        big2: 'y'.repeat(200_000),
        big3: 'z'.repeat(600_000),
      },
      'the release allows 1000000',
    ],
  ])('an output with %s is invalid, and the unit goes to others', async (_what, files, reason) => {
    await begin();
    const big = Object.entries(files).filter(([, text]) => text.length > 500_000);
    if (big.length > 0) {
      const other = await host.leases(1, [lease.id]); // room for the upload
      for (const [, text] of big) await host.upload(Buffer.from(text));
      await host.send('POST', '/leases/release', { leases: other.leases.map(({ id }) => id) });
    }
    const report = inline(lease, files);
    if (report.outcome.state === 'finished')
      for (const file of report.outcome.files) if (file.bytes > 500_000) delete file.data;
    const verdict = await host.report(report);
    expect(verdict).toMatchObject({ state: 'invalid', creditMicroseconds: 0 });
    expect(verdict.reason).toContain(reason);
    expect((await host.leases(1)).leases[0]?.unitId).not.toBe(lease.unitId);
    const other = await Host.register(server.url);
    const free = (await other.leases(256)).leases;
    expect(free.map(({ unitId }) => unitId)).toContain(lease.unitId);
    await other.leases(0, []);
  });
});

describe('failures', () => {
  afterAll(finishAll);

  test('a unit that fails goes to other hosts, and after so many attempts aside, with the reason', async () => {
    await campaign('failing', { events: 100, attempts: 3 });
    const units = new Set<string>();
    for (let attempt = 1; attempt <= 3; attempt++) {
      const host = await Host.register(server.url);
      const lease = await host.lease();
      units.add(lease.unitId);
      const verdict = await host.report(failedReport(lease, { reason: `died ${attempt}` }));
      expect(verdict).toMatchObject({ state: 'failed', creditMicroseconds: 0 });
      expect((await host.leases(1)).leases).toEqual([]);
      expect((await host.standing()).results.failed).toBe(1);
    }
    expect(units.size).toBe(1);
    expect(await staff.campaign('failing')).toMatchObject({
      state: 'complete',
      unitsSetAside: 1,
      unitsValid: 0,
    });
    const [unit] = await staff.units('&state=aside&campaign=failing');
    expect(unit).toMatchObject({ failures: 3, reason: 'the program failed: died 3', consoleTail: 'oh' });
  });

  test('a console may say anything, and any exit status can be told', async () => {
    await campaign('odd-consoles', { events: 100, attempts: 1 });
    const host = await Host.register(server.url);
    const lease = await host.lease();
    const consoleTail = 'nul \0, half a pair \udc00, \u0007 and a whole \u{1f600}';
    expect(
      await host.report(failedReport(lease, { consoleTail, reason: 'a\0b', exitStatus: 3_221_225_477 })),
    ).toMatchObject({ state: 'failed', reason: 'the program failed: a\ufffdb' });
    const [unit] = await staff.units('&campaign=odd-consoles');
    expect(unit?.consoleTail).toBe('nul \ufffd, half a pair \ufffd, \u0007 and a whole \u{1f600}');
  });

  test('the first report after a restart may be a failure', async () => {
    await campaign('restarted', { events: 200 });
    const host = await Host.register(server.url);
    const lease = await host.lease();
    await server.restart();
    expect(await host.report(failedReport(lease))).toMatchObject({ state: 'failed' });
    const next = await host.lease();
    expect(await host.finish(next, modelOutput(next.card))).toMatchObject({ state: 'valid' });
  });
});

describe('leases', () => {
  afterAll(finishAll);

  test('an answer that got lost is given again, and what a host does not know is told', async () => {
    await campaign('lost', { events: 1000 });
    const host = await Host.register(server.url);
    const first = await host.leases(3);
    const again = await host.leases(3);
    expect(again.leases.map(({ id }) => id)).toEqual(first.leases.map(({ id }) => id));
    const held = first.leases.map(({ id }) => id);
    const more = await host.leases(2, [...held, 'l999999', 'odd']);
    expect(more.leases).toHaveLength(2);
    expect(more.unknown).toEqual(['l999999', 'odd']);
    // No longer held and not wanted: taken back, free for others.
    await host.leases(0, []);
    const other = await Host.register(server.url);
    expect((await other.leases(256)).leases).toHaveLength(10);
  });

  test('given back: at once free for others, and unknown from then on', async () => {
    await finishAll();
    await campaign('given-back', { events: 100 });
    const [first, second] = [await Host.register(server.url), await Host.register(server.url)];
    const lease = await first.lease();
    expect(await second.leases(1)).toMatchObject({
      leases: [],
      reason: expect.stringMatching(/with other computers/),
    });
    expect((await first.send('POST', '/leases/release', { leases: [lease.id, 'odd'] })).status).toBe(204);
    expect((await second.lease()).unitId).toBe(lease.unitId);
    refusal(await first.send('POST', '/results', finished(lease, modelOutput(lease.card))), 404);
  });

  test('not more than wanted, no unit twice, and a reason where there is none', async () => {
    await finishAll();
    const host = await Host.register(server.url);
    await campaign('plenty', { events: 2000 });
    const all = new Set<string>();
    const hosts = await Promise.all(Array.from({ length: 10 }, () => Host.register(server.url)));
    const replies = await Promise.all(hosts.map((one) => one.leases(3)));
    for (const { leases, retryAfterSeconds } of replies) {
      expect(leases.length).toBeLessThanOrEqual(3);
      for (const { unitId } of leases) all.add(unitId);
      if (leases.length < 3) expect(retryAfterSeconds).toBeGreaterThan(0);
    }
    expect(all.size).toBe(20);
    expect(replies.reduce((sum, { leases }) => sum + leases.length, 0)).toBe(20);
    const wasm = await host.ask(LeaseReply, 'POST', '/leases', { want: 1, platforms: ['wasm32-wasi'] });
    expect(wasm.reason).toMatch(/no program|No running campaign has a program/);
  });

  test('a lease over its deadline goes to another host; the first result that comes counts, the other is late', async () => {
    await finishAll();
    await campaign('expiring', { events: 100, leaseMinutes: 0.05 });
    const [slow, quick] = [await Host.register(server.url), await Host.register(server.url)];
    const lost = await slow.lease();
    const lease = await until(
      'the expired lease given to another',
      async () => (await quick.leases(1)).leases[0],
    );
    expect(lease.unitId).toBe(lost.unitId);
    expect(await slow.finish(lost, modelOutput(lost.card))).toMatchObject({
      state: 'valid',
      creditMicroseconds: 250,
    });
    expect(await quick.finish(lease, modelOutput(lease.card))).toMatchObject({
      state: 'late',
      creditMicroseconds: 0,
      reason: expect.stringMatching(/finished by others/),
    });
    const detail = await staff.campaign('expiring');
    expect(detail).toMatchObject({ state: 'complete', eventsValid: 100 });
    expect(detail.points[0]).toMatchObject(modelSums([lost.card]));
  });
});
