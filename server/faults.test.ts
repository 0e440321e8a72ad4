import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../platform/files.ts';
import { API_PREFIX } from '../protocol/project-api.ts';
import { LIMITS, type RequestLimits } from './limits.ts';
import { Client, failedReport, finished, Host, refusal, Staff } from './testkit/client.ts';
import { modelCampaign, modelOutput, modelPrograms, modelRelease, modelSums } from './testkit/model.ts';
import { type TestServer, testServer } from './testkit/server.ts';

/** Stricter than in real life, and yet longer than a busy machine may take to read what came. */
const limits: RequestLimits = { headersMs: 2000, textMs: 3000, windowMs: 2000, windowBytes: 1000 };
/** Beyond any of these, with a machine that others use as well. */
const PATIENCE_MS = 40_000;

let server: TestServer;
let staff: Staff;
beforeAll(async () => {
  server = await testServer({ limits });
  staff = new Staff(server.url, server.staffToken);
  await staff.publish(modelRelease, modelPrograms);
});
afterAll(() => server?.remove());

test('the limits in force are those that are documented', () => {
  expect(LIMITS).toEqual({ headersMs: 20_000, textMs: 300_000, windowMs: 60_000, windowBytes: 1000 });
});

describe('slow senders', () => {
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  /** Opens a connection, says `text` at once and then a byte of `dribble` every now and then, for ever. */
  function slow(text: string, dribble: string): { said: () => string; closed: Promise<number> } {
    const { hostname, port } = new URL(server.url);
    const begun = performance.now();
    let said = '';
    const socket = connect(Number(port), hostname, () => socket.write(text));
    sockets.push(socket);
    socket.setEncoding('utf8').on('data', (more: string) => {
      said += more;
    });
    socket.on('error', () => {}); // the server cuts it: that is what is tested
    const timer = dribble === '' ? null : setInterval(() => socket.write(dribble), 100);
    const closed = new Promise<number>((resolve) => {
      socket.on('close', () => {
        if (timer) clearInterval(timer);
        resolve(performance.now() - begun);
      });
    });
    return { said: () => said, closed };
  }

  const cutWithin = async (one: { closed: Promise<number> }, least: number) => {
    const took = await Promise.race([
      one.closed,
      delay(PATIENCE_MS, Number.POSITIVE_INFINITY, { ref: false }),
    ]);
    expect(took).toBeGreaterThan(least * 0.9);
    expect(took).toBeLessThan(PATIENCE_MS);
  };

  const head = (method: string, path: string, token: string, ...more: string[]) =>
    [
      `${method} ${API_PREFIX}${path} HTTP/1.1`,
      'host: x',
      `authorization: Bearer ${token}`,
      ...more,
      '',
      '',
    ].join('\r\n');

  test('headers that dribble are cut', async () => {
    const one = slow(`GET ${API_PREFIX}/health HTTP/1.1\r\nhost: x\r\nx: `, 'y');
    await cutWithin(one, limits.headersMs);
    expect(one.said()).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('a connection that says nothing is cut', async () => {
    await cutWithin(slow('', ''), limits.headersMs);
  });

  test.each([
    ['with a length', 'content-length: 500', 'x'],
    ['in chunks', 'transfer-encoding: chunked', '1\r\nx\r\n'],
  ])('a text %s that dribbles is refused and cut', async (_what, header, dribble) => {
    const host = await Host.register(server.url);
    const one = slow(head('POST', '/leases', host.token ?? '', header), dribble);
    await cutWithin(one, limits.windowMs);
    expect(one.said()).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":"too-slow"/);
  });

  test('an upload that dribbles is cut, keeps what came, and goes on at its usual pace', async () => {
    await staff.push(modelCampaign('dribbled', { events: 100 }));
    const host = await Host.register(server.url);
    const lease = await host.lease();
    const bytes = Buffer.alloc(600_000, 5);
    const hash = sha256(bytes);
    const one = slow(
      head(
        'PATCH',
        `/uploads/${hash}`,
        host.token ?? '',
        'upload-offset: 0',
        `upload-length: ${bytes.length}`,
        `content-length: ${bytes.length}`,
      ),
      '\x05',
    );
    await cutWithin(one, limits.windowMs);
    expect(one.said()).toMatch(/^HTTP\/1\.1 408 /);
    const { offset } = (await host.send('GET', `/uploads/${hash}`)).json as { offset: number };
    expect(offset).toBeGreaterThan(0);
    expect((await host.part(hash, bytes.subarray(offset), offset, bytes.length)).json).toMatchObject({
      complete: true,
    });
    expect(await host.finish(lease, modelOutput(lease.card))).toMatchObject({ state: 'valid' });
  });

  test('hundreds of them hinder nobody else, and none is left', async () => {
    const held = Array.from({ length: 300 }, (_, i) =>
      slow(
        i % 2 === 0 ? '' : `POST ${API_PREFIX}/hosts HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n{`,
        '',
      ),
    );
    const anybody = new Client(server.url);
    for (let i = 0; i < 20; i++) expect((await anybody.send('GET', '/health')).status).toBe(200);
    const host = await Host.register(server.url);
    expect((await host.leases(0)).leases).toEqual([]);
    await Promise.race([
      Promise.all(held.map(({ closed }) => closed)),
      delay(PATIENCE_MS, null, { ref: false }).then(() => {
        throw new Error('some are still held');
      }),
    ]);
  });
});

describe('requests told twice, late, or in another order', () => {
  /** A campaign of one unit with its own host, and what it must come to. */
  async function begin(name: string) {
    await staff.push(modelCampaign(name, { events: 100, seed: name.length * 31 + name.charCodeAt(0) }));
    const host = await Host.register(server.url);
    const lease = await host.lease();
    expect(lease.campaign).toBe(name);
    const files = modelOutput(lease.card);
    const onlyOnce = async () => {
      const campaign = await staff.campaign(name);
      expect(campaign).toMatchObject({ state: 'complete', unitsValid: 1, eventsValid: 100 });
      expect(campaign.points[0]).toMatchObject(modelSums([lease.card]));
      expect(await host.standing()).toMatchObject({ creditMicroseconds: 250, results: { valid: 1 } });
    };
    return { host, lease, files, report: finished(lease, files), onlyOnce };
  }

  test('a lease asked for twice, at once or after a lost answer, is the same lease', async () => {
    await staff.push(modelCampaign('asked-twice', { events: 100, seed: 77 }));
    const host = await Host.register(server.url);
    const answers = await Promise.all([host.leases(1), host.leases(1), host.leases(1)]);
    const again = await host.leases(1);
    const ids = new Set([...answers, again].flatMap(({ leases }) => leases.map(({ id }) => id)));
    expect(ids.size).toBe(1);
    const [lease] = again.leases;
    if (!lease) throw new Error('no lease');
    expect(await host.finish(lease, modelOutput(lease.card))).toMatchObject({ state: 'valid' });
    expect(await staff.campaign('asked-twice')).toMatchObject({ unitsValid: 1, eventsValid: 100 });
  });

  test('a report before its upload is refused, after it is taken; an upload after the report changes nothing', async () => {
    const { host, files, report, onlyOnce } = await begin('late-upload');
    const [text = ''] = Object.values(files);
    const bytes = Buffer.from(text);
    expect(refusal(await host.send('POST', '/results', report), 422).code).toBe('file-missing');
    await host.upload(bytes);
    expect(await host.report(report)).toMatchObject({ state: 'valid' });
    const late = await host.part(sha256(bytes), bytes, 0, bytes.length);
    // It is an object now, so there is nothing more to be sent.
    expect([200, 409]).toContain(late.status);
    const other = Buffer.from('of a lease that is done');
    expect(refusal(await host.part(sha256(other), other, 0, other.length), 403).code).toBe('nothing-due');
    expect(await host.report(report)).toMatchObject({ state: 'valid' });
    await onlyOnce();
  });

  test('a lease given back after its report, or reported by failure after success, stays as it was', async () => {
    const { host, lease, files, report, onlyOnce } = await begin('given-back');
    await host.finish(lease, files);
    await host.send('POST', '/leases/release', { leases: [lease.id, lease.id] });
    expect(await host.report(failedReport(lease))).toMatchObject({ state: 'valid' });
    expect((await host.leases(0, [lease.id])).unknown).toEqual([]);
    expect(await host.report(report)).toMatchObject({ state: 'valid' });
    await onlyOnce();
  });

  test('a report after the lease was given back is nobody’s, and the unit is computed by another', async () => {
    const { host, lease, files, report } = await begin('too-late');
    for (const content of Object.values(files)) await host.upload(Buffer.from(content));
    await host.send('POST', '/leases/release', { leases: [lease.id] });
    expect(refusal(await host.send('POST', '/results', report), 404).code).toBe('unknown-lease');
    const other = await Host.register(server.url);
    const again = (await other.leases(64)).leases.find(({ unitId }) => unitId === lease.unitId);
    if (!again) throw new Error('the unit was not given again');
    const verdicts = await Promise.all([other.finish(again, files), other.finish(again, files)]);
    for (const verdict of verdicts) expect(verdict).toMatchObject({ state: 'valid' });
    expect(refusal(await host.send('POST', '/results', report), 404).code).toBe('unknown-lease');
    expect(await staff.campaign('too-late')).toMatchObject({ unitsValid: 1, eventsValid: 100 });
    expect((await host.standing()).creditMicroseconds).toBe(0);
  });
});
