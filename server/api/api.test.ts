import { connect } from 'node:net';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../platform/files.ts';
import { API_PREFIX, LeaseReply, ProjectInfo } from '../../protocol/project-api.ts';
import { Client, Host, type Reply, refusal, Staff } from '../testkit/client.ts';
import { modelCampaign, modelPrograms, modelRelease } from '../testkit/model.ts';
import { Person } from '../testkit/person.ts';
import { type TestServer, testServer } from '../testkit/server.ts';
import { routes } from './app.ts';

let server: TestServer;
let anybody: Client;
let host: Host;
let staff: Staff;
let person: Person;
beforeAll(async () => {
  server = await testServer();
  anybody = new Client(server.url);
  host = await Host.register(server.url);
  staff = new Staff(server.url, server.staffToken);
  await staff.publish(modelRelease, modelPrograms);
  person = await Person.signUp(server.url, 'somebody');
});
afterAll(() => server?.remove());

test('the project says who it is, and the invitation carries its key', async () => {
  const info = ProjectInfo.parse((await anybody.send('GET', '/project')).json);
  expect(info.name).toBe('Test');
  const invitation = new URL(server.invitation);
  expect(invitation.searchParams.get('url')).toBe(server.url);
  expect(invitation.searchParams.get('key')).toBe(info.keyFingerprint);
  expect(sha256(Buffer.from(info.publicKey, 'base64')).slice(0, 32)).toBe(info.keyFingerprint);
});

describe('tokens', () => {
  const guarded = routes.filter((one) => one.who !== 'anyone');
  const pathOf = (path: string) => path.replaceAll('{sha256}', 'a'.repeat(64)).replaceAll(/\{\w+\}/g, 'x');

  test.each(guarded.map((one) => [one.method.toUpperCase(), one.path, one.who] as const))(
    '%s %s needs the token or session of a %s',
    async (method, path, who) => {
      const tokens = [
        null,
        'short',
        'x'.repeat(43),
        `${server.staffToken}x`,
        who === 'host' || who === 'account' ? server.staffToken : host.token,
      ];
      for (const token of tokens) {
        const reply = await new Client(server.url, token).send(
          method,
          pathOf(path),
          method === 'GET' ? undefined : Buffer.from('{}'),
        );
        expect(refusal(reply, 401).message).toMatch(/token|register|sign in/);
      }
    },
  );

  test('other schemes are none', async () => {
    for (const authorization of [
      `Basic ${host.token}`,
      `bearer ${host.token}`,
      `Bearer  ${host.token}`,
      'Bearer',
    ])
      refusal(await anybody.send('GET', '/hosts/me', undefined, { authorization }), 401);
  });
});

describe('input', () => {
  const wants = (change: object) => ({ want: 1, platforms: ['wasm32-wasi'], ...change });
  test.each<[string, string, unknown, number, string | null]>([
    ['POST', '/leases', '{"want": 1,', 400, null],
    ['POST', '/leases', '', 400, null],
    ['POST', '/leases', 'null', 422, null],
    ['POST', '/leases', {}, 422, 'want'],
    ['POST', '/leases', wants({ want: 257 }), 422, 'want'],
    ['POST', '/leases', wants({ want: 1.5 }), 422, 'want'],
    ['POST', '/leases', wants({ want: '1' }), 422, 'want'],
    ['POST', '/leases', wants({ platforms: [] }), 422, 'platforms'],
    ['POST', '/leases', wants({ platforms: ['amiga'] }), 422, 'platforms[0]'],
    ['POST', '/leases', wants({ held: ['x'.repeat(61)] }), 422, 'held[0]'],
    ['POST', '/leases', wants({ held: Array(1025).fill('l1') }), 422, 'held'],
    ['POST', '/leases', wants({ held: ['l\0'] }), 422, 'held[0]'],
    ['POST', '/leases', wants({ more: true }), 422, null],
    ['POST', '/hosts', { cores: 0, os: '', engineVersion: '' }, 422, 'cores'],
    ['POST', '/hosts', { cores: 1, os: 'x'.repeat(61), engineVersion: '' }, 422, 'os'],
    [
      'POST',
      '/results',
      { lease: 'l1', outcome: { state: 'odd' }, capsule: '', seconds: 0 },
      422,
      'outcome.state',
    ],
    ['POST', '/verdicts', { leases: [] }, 422, 'leases'],
    ['POST', '/leases/release', { leases: [1] }, 422, 'leases[0]'],
    ['GET', '/staff/results?limit=0', undefined, 422, 'query limit'],
    ['GET', '/staff/results?state=odd', undefined, 422, 'query state'],
    ['GET', "/staff/units?campaign=a'--", undefined, 422, 'query campaign'],
    ['GET', '/campaigns/nothing', undefined, 404, null],
    ['GET', "/campaigns/'%20OR%201=1", undefined, 404, null],
    ['GET', '/releases/model/9', undefined, 404, null],
    ['GET', '/releases/..%2f/1', undefined, 422, 'path application'],
    ['GET', '/appliance', undefined, 404, null],
    ['PUT', `/staff/objects/${'a'.repeat(64)}`, Buffer.from('x'), 422, 'body'],
    ['PUT', '/staff/releases', {}, 422, 'application'],
    [
      'PUT',
      '/staff/appliance',
      {
        kernel: { sha256: 'a'.repeat(64), bytes: 1 },
        initrd: { sha256: 'a'.repeat(64), bytes: 1 },
        kernelVersion: '6',
      },
      422,
      'kernel.sha256',
    ],
  ])('%s %s %j: %d at %s', async (method, path, body, status, place) => {
    const client = path.startsWith('/staff') ? staff : host;
    const error = refusal(await client.send(method, path, body), status);
    expect(error.place).toBe(place);
    expect(error.message.length).toBeGreaterThan(10);
  });

  test('text that no store can keep is replaced where it is shown, and the host joins', async () => {
    const { status } = await anybody.send('POST', '/hosts', {
      cores: 1,
      os: 'a\0\ud800b',
      engineVersion: '1',
    });
    expect(status).toBe(201);
  });

  test.each([
    ['at the wrong place', modelCampaign('a', { events: 0 }), /^line 1, column \d+ \(events\)$/],
    ['of an unknown release', modelCampaign('a', { version: '7' }), /^line 1, column \d+ \(version\)$/],
    [
      'with a text no store can keep',
      modelCampaign('a', { parameters: { x: ['a\0b'] } }),
      /\(parameters\.x\[0\]\)$/,
    ],
    ['that cuts blocks', modelCampaign('a', { eventsPerUnit: 75 }), /\(eventsPerUnit\)$/],
    ['for spot checks nobody can make', modelCampaign('a', { validation: { spot: 0.1 } }), /\(validation\)$/],
  ])('a campaign %s is refused with its place', async (_what, campaign, place) => {
    const error = refusal(await staff.send('POST', '/staff/campaigns', JSON.stringify(campaign)), 422);
    expect(error.place).toMatch(place);
  });

  test('YAML is told by line', async () => {
    const text = 'kind: campaign\nname: x\n  title: y\n';
    expect(refusal(await staff.send('POST', '/staff/campaigns', text), 422).place).toMatch(
      /^line [23], column \d+$/,
    );
  });

  test('the same campaign again is the same; another of that name is refused', async () => {
    const text = JSON.stringify(modelCampaign('once'));
    expect((await staff.send('POST', '/staff/campaigns', text)).status).toBe(201);
    const again = await staff.send('POST', '/staff/campaigns', text);
    expect([again.status, again.json]).toMatchObject([200, { name: 'once' }]);
    const other = JSON.stringify(modelCampaign('once', { title: 'other' }));
    expect(refusal(await staff.send('POST', '/staff/campaigns', other), 409)).toMatchObject({
      code: 'campaign-exists',
      place: expect.stringMatching(/\(name\)$/),
    });
  });

  test('a release cannot change, and needs its objects and sound histograms', async () => {
    const programs = {
      'x86_64-linux': {
        sha256: sha256(modelPrograms['x86_64-linux']),
        bytes: modelPrograms['x86_64-linux'].length,
      },
    };
    const put = (change: object) =>
      staff.send('PUT', '/staff/releases', { ...modelRelease, programs, ...change });
    expect((await put({})).status).toBe(200);
    expect(refusal(await put({ title: 'Other' }), 409).place).toBe('version');
    const axis = modelRelease.histograms[0];
    expect(refusal(await put({ version: '2', histograms: [axis, axis] }), 422).place).toBe(
      'histograms[1].name',
    );
    expect(refusal(await put({ version: '2', parameters: { type: 'odd' } }), 422).place).toBe('parameters');
    const missing = { 'wasm32-wasi': { sha256: 'b'.repeat(64), bytes: 1 } };
    expect(refusal(await put({ version: '2', programs: missing }), 422).place).toBe(
      'programs.wasm32-wasi.sha256',
    );
    const longer = { 'x86_64-linux': { sha256: sha256(modelPrograms['x86_64-linux']), bytes: 999 } };
    expect(refusal(await put({ version: '2', programs: longer }), 422).place).toBe(
      'programs.x86_64-linux.bytes',
    );
  });
});

describe('size', () => {
  const large = 'x'.repeat(1_000_001);
  const jsonRoutes = routes.filter((one) => one.body !== undefined && one.body !== 'bytes');

  test.each(
    jsonRoutes.map((one) => [one.method.toUpperCase(), one.path, one.who, one.maximumBytes] as const),
  )('%s %s refuses a body that is too large', async (method, path, who, maximumBytes) => {
    const large = 'x'.repeat(maximumBytes + 1);
    const client = { host, account: person, anyone: person, reviewer: staff, staff, owner: staff }[who];
    expect(refusal(await client.send(method, path, large), 413).code).toBe('too-large');
  });

  test('also one whose length is not told beforehand', async () => {
    const answer = await raw([
      `POST ${API_PREFIX}/leases HTTP/1.1`,
      'host: x',
      `authorization: Bearer ${host.token}`,
      'content-type: application/json',
      'transfer-encoding: chunked',
      'connection: close',
      '',
      'f4241',
      large,
      '0',
      '',
      '',
    ]);
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
  });

  test('the largest that is allowed is read', async () => {
    const lease = 'l1';
    const padding = ' '.repeat(1_000_000 - JSON.stringify({ leases: [lease] }).length);
    const reply = await host.send('POST', '/leases/release', `{"leases":["${lease}"]${padding}}`);
    expect(reply.status).toBe(204);
  });

  test('headers without end are cut off', async () => {
    const answer = await raw([`GET ${API_PREFIX}/health HTTP/1.1`, `x: ${'y'.repeat(100_000)}`, '', '']);
    expect(answer).toMatch(/^HTTP\/1.1 431 /);
  });
});

/** Lines as they are, through a socket. */
function raw(lines: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    let said = '';
    const socket = connect(Number(port), hostname, () => socket.write(lines.join('\r\n')));
    socket.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      socket.end();
    });
    socket.on('close', () => resolve(said));
    socket.on('error', (error) => (said === '' ? reject(error) : resolve(said)));
  });
}

describe('OpenAPI', () => {
  interface Operation {
    summary?: string;
    security?: unknown;
    parameters?: { name: string; in: string; required: boolean; schema: object }[];
    requestBody?: { content: Record<string, { schema: object }> };
    responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
  }
  interface Document {
    openapi: string;
    info: { title: string; version: string };
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: Record<string, object>; securitySchemes: Record<string, object> };
  }
  let document: Document;
  let reply: Reply;
  beforeAll(async () => {
    const answer = await fetch(`${server.url}/openapi.json`);
    document = (await answer.json()) as Document;
    reply = await host.send('POST', '/leases', { want: 1, platforms: ['x86_64-linux'] });
  });

  test('every route is in it, and nothing else', () => {
    const described = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    expect(described.sort()).toEqual(routes.map((one) => `${one.method} ${API_PREFIX}${one.path}`).sort());
  });

  test('is well formed: version, summaries, parameters of the path, responses, security', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d$/);
    expect(document.info).toMatchObject({ title: expect.any(String), version: expect.any(String) });
    for (const [path, operations] of Object.entries(document.paths)) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const operation of Object.values(operations)) {
        expect(operation.summary).toBeTruthy();
        const inPath = (operation.parameters ?? []).filter((one) => one.in === 'path');
        expect(inPath.map((one) => one.name).sort()).toEqual(named.sort());
        for (const one of operation.parameters ?? []) {
          expect(['path', 'query', 'header']).toContain(one.in);
          expect(one.in !== 'path' || one.required).toBe(true);
          expect(one.schema).toBeTypeOf('object');
        }
        const statuses = Object.keys(operation.responses);
        expect(statuses.some((status) => /^2\d\d$/.test(status))).toBe(true);
        for (const status of statuses) {
          expect(status).toMatch(/^[1-5]\d\d$/);
          expect(operation.responses[status]?.description).toBeTruthy();
        }
        for (const scheme of ((operation.security ?? []) as Record<string, unknown>[]).flatMap(Object.keys))
          expect(Object.keys(document.components.securitySchemes)).toContain(scheme);
      }
    }
  });

  test('every reference leads somewhere and every schema is JSON Schema 2020-12', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'openapi', ...document });
    const references = new Set<string>();
    const schemas: string[] = [];
    walk(document, [], (part, path) => {
      if (typeof part.$ref === 'string') references.add(part.$ref);
      if (path.at(-1) === 'schema')
        schemas.push(
          path.map((step) => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/'),
        );
    });
    expect(references.size).toBeGreaterThan(10);
    for (const reference of references) ajv.compile({ $ref: `openapi${reference}` });
    for (const path of schemas) ajv.compile({ $ref: `openapi#/${path}` });
    for (const name of Object.keys(document.components.schemas))
      ajv.compile({ $ref: `openapi#/components/schemas/${name}` });
  });

  test('an answer is as it describes', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'openapi', ...document });
    const check = ajv.compile({ $ref: 'openapi#/components/schemas/LeaseReply' });
    expect(check(reply.json)).toBe(true);
    expect(check({ ...LeaseReply.parse(reply.json), retryAfterSeconds: 'soon' })).toBe(false);
  });

  function walk(
    value: unknown,
    path: string[],
    see: (part: Record<string, unknown>, path: string[]) => void,
  ): void {
    if (typeof value !== 'object' || value === null) return;
    see(value as Record<string, unknown>, path);
    for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key], see);
  }
});

test('a route that is not there says where to look', async () => {
  expect(refusal(await anybody.send('GET', '/nothing'), 404).message).toContain('/openapi.json');
  expect(refusal(await anybody.send('DELETE', '/leases'), 404).code).toBe('no-such-route');
});
