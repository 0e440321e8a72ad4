import { type ChildProcess, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { findQemu } from './install.ts';
import { parseMessage, QmpClient, type QmpEvent, QmpLost, QmpRefused } from './qmp.ts';

const PATIENCE_MS = 60_000;
const installation = await findQemu();

describe.skipIf(installation === null)('QmpClient with a real QEMU (skipped where there is none)', () => {
  let qemu: ChildProcess;
  let ended: Promise<void>;
  const events: QmpEvent[] = [];

  beforeEach(() => {
    events.length = 0;
    qemu = spawn(
      installation?.command ?? '',
      ['-machine', 'none', '-nodefaults', '-display', 'none', '-chardev', 'socket,id=q,fd=3'].concat([
        '-mon',
        'chardev=q,mode=control',
      ]),
      { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] },
    );
    ended = new Promise((resolve) => qemu.once('close', () => resolve()));
  });
  afterEach(async () => {
    qemu.kill('SIGKILL');
    await ended;
  });

  const connect = () =>
    QmpClient.connect(qemu.stdio[3] as unknown as Duplex, PATIENCE_MS, (event) => events.push(event));

  test('asks, is answered, and hears events', async () => {
    const client = await connect();
    expect(await client.execute('query-status', {}, PATIENCE_MS)).toMatchObject({ status: 'running' });
    await client.execute('stop', {}, PATIENCE_MS);
    await client.execute('cont', {}, PATIENCE_MS);
    await vi.waitFor(() => expect(events.map(({ event }) => event)).toEqual(['STOP', 'RESUME']));
    client.close();
  });

  test('answers find their questions, however many are under way', async () => {
    const client = await connect();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        i % 2 ? client.execute('query-name', {}, PATIENCE_MS) : client.execute('query-kvm', {}, PATIENCE_MS),
      ),
    );
    answers.forEach((answer, i) => {
      if (i % 2) expect(answer).toEqual({});
      else expect(answer).toHaveProperty('enabled', false);
    });
    client.close();
  });

  test("a refusal is told in QEMU's words, and the connection goes on", async () => {
    const client = await connect();
    await expect(client.execute('make-coffee', {}, PATIENCE_MS)).rejects.toThrow(QmpRefused);
    await expect(client.execute('make-coffee', {}, PATIENCE_MS)).rejects.toThrow('make-coffee');
    await client.execute('query-status', {}, PATIENCE_MS);
    client.close();
  });

  test('a QEMU that stands still is not waited for', async () => {
    const client = await connect();
    qemu.kill('SIGSTOP');
    await expect(client.execute('query-status', {}, 50)).rejects.toThrow('no answer to query-status');
    qemu.kill('SIGCONT');
    await client.execute('query-status', {}, PATIENCE_MS);
    client.close();
  });

  test('a QEMU that is killed fails what waits and what comes later', async () => {
    const client = await connect();
    qemu.kill('SIGSTOP');
    const waiting = client.execute('query-status', {}, PATIENCE_MS);
    qemu.kill('SIGKILL');
    await expect(waiting).rejects.toThrow(QmpLost);
    await expect(client.execute('query-status')).rejects.toThrow(QmpLost);
  });

  test('quit ends it', async () => {
    const client = await connect();
    await client.execute('quit', {}, PATIENCE_MS);
    await ended;
    expect(events.map(({ event }) => event)).toContain('SHUTDOWN');
  });
});

const GREETING =
  '{"QMP": {"version": {"qemu": {"micro": 1, "minor": 2, "major": 7}}, "capabilities": []}}\r\n';

describe('QmpClient with something that only looks like QEMU', () => {
  /** Answers each line written to it by what `reply` gives. */
  function peer(reply: (line: string) => string): Duplex {
    return new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        setImmediate(() => this.push(reply(chunk.toString())));
        done();
      },
    });
  }
  const agree = (line: string) => `{"return": {}, "id": ${(JSON.parse(line) as { id: number }).id}}\r\n`;

  test('messages may come in any pieces', async () => {
    const socket = peer((line) => agree(line));
    const connecting = QmpClient.connect(socket, PATIENCE_MS);
    for (const character of GREETING) socket.push(character);
    const client = await connecting;
    expect(await client.execute('any')).toEqual({});
    client.close();
  });

  test.each([
    ['what is no JSON', 'hello\n'],
    ['JSON of another kind', '{"some": "thing"}\n'],
    ['a line without end', 'x'.repeat(2_000_000)],
  ])('%s ends the connection', async (_name, text) => {
    const socket = peer((line) => agree(line));
    const connecting = QmpClient.connect(socket, PATIENCE_MS);
    socket.push(GREETING);
    const client = await connecting;
    socket.push(text);
    await vi.waitFor(() => expect(socket.destroyed).toBe(true));
    await expect(client.execute('any')).rejects.toThrow(QmpLost);
  });

  test('no greeting, no connection', async () => {
    const silent = peer(() => '');
    await expect(QmpClient.connect(silent, 30)).rejects.toThrow('no answer to greeting');
    const closed = peer(() => '');
    const connecting = QmpClient.connect(closed, PATIENCE_MS);
    closed.destroy();
    await expect(connecting).rejects.toThrow(QmpLost);
  });

  test('a peer that is gone already is not waited for', async () => {
    const gone = peer(() => '');
    gone.destroy();
    await vi.waitFor(() => expect(gone.closed).toBe(true));
    await expect(QmpClient.connect(gone, PATIENCE_MS)).rejects.toThrow(QmpLost);
  });

  test('an answer to nothing is ignored', async () => {
    const socket = peer((line) => agree(line));
    const connecting = QmpClient.connect(socket, PATIENCE_MS);
    socket.push(GREETING);
    const client = await connecting;
    socket.push('{"return": {}, "id": 99}\n');
    expect(await client.execute('any')).toEqual({});
    client.close();
  });
});

test.each([
  ['{"return": {"a": 1}, "id": 3}', { kind: 'reply', id: 3, value: { a: 1 } }],
  ['{"error": {"class": "GenericError", "desc": "no"}, "id": 4}', { kind: 'refusal', id: 4, reason: 'no' }],
  ['{"event": "STOP"}', { kind: 'event', event: { event: 'STOP', data: {} } }],
  [GREETING, { kind: 'greeting' }],
  ['', null],
  ['[]', null],
  ['null', null],
])('parseMessage %j', (line, message) => {
  expect(parseMessage(line)).toEqual(message);
});
