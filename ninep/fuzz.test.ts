import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CodecError, encode } from './codec.ts';
import { NOFID } from './defs.ts';
import { hostFolder, Mailbox, memoryTree, sink, stream, synthetic, union } from './index.ts';
import { Client, O } from './testkit/client.ts';
import { counted } from './testkit/counted.ts';
import { Dice, mutated, plausible } from './testkit/hostile.ts';
import { RawClient } from './testkit/raw-client.ts';
import { eventually, openFilesBelow, type Served, scratch, served } from './testkit/served.ts';

const FRAMES_A_CONNECTION = 2000;

/** A host folder, memory and waiting files beside each other; something outside that must stay as it is. */
async function target() {
  const outside = await scratch();
  await writeFile(join(outside, 'secret'), 'secret');
  const folder = join(outside, 'served');
  await mkdir(folder);
  const mailbox = new Mailbox();
  const quota = { quotaBytes: 4 << 20, quotaFiles: 500 };
  const { tree, open, closedAgain } = counted(
    union({
      host: hostFolder(folder, quota),
      memory: memoryTree(quota),
      ctl: synthetic({ next: stream((signal) => mailbox.next(signal)), sink: sink(() => {}) }),
    }),
  );
  const serving = await served(tree, { limits: { msize: 65536, fids: 100, openFiles: 20 } });
  return { outside, folder, serving, open, closedAgain };
}

/**
 * Sends changed messages on one connection, some after one that is whole, until they are all sent or the server
 * ends it.
 * @param together how many are sent before the server gets to answer
 * @returns how many changed ones were sent and how many replies were no refusals
 */
async function attack(serving: Served, dice: Dice, count: number, keepsFrame: boolean, together: number) {
  const raw = await serving.raw();
  const client = await Client.attach(raw, { msize: 65536 });
  await bringIn(client);
  let sent = 0;
  for (; sent < count && !raw.stream.destroyed; sent++) {
    const tag = 1 + 2 * (sent % 30000);
    if (sent % 3 === 0) raw.send(encode(tag, plausible(dice)));
    if (!raw.stream.write(mutated(dice, plausible(dice), tag + 1, keepsFrame))) await drained(raw);
    if (sent % together === 0) await new Promise((resolve) => setImmediate(resolve));
    // Clunked and lost, most fids are gone by now. (Where sizes are wrong, replies may never come.)
    if (keepsFrame && sent % 100 === 99) await bringIn(client);
  }
  await raw.close();
  return { sent, done: raw.unexpected.filter(({ message }) => message.name !== 'Rlerror').length };
}

/** Fids 1 to 11 at and below the three trees, some of them open, so that messages meet something. */
async function bringIn({ raw }: Client): Promise<void> {
  const walk = (newfid: number, ...wnames: string[]) =>
    raw.request({ name: 'Twalk', fid: 0, newfid, wnames });
  await Promise.all(Array.from({ length: 12 }, (_, fid) => raw.request({ name: 'Tclunk', fid })));
  await raw.request({ name: 'Tattach', fid: 0, afid: NOFID, uname: '', aname: '', nUname: 0 });
  await Promise.all([walk(1, 'host'), walk(2, 'memory'), walk(3, 'ctl'), walk(4, 'host'), walk(5, 'memory')]);
  for (const dfid of [1, 2]) {
    await raw.request({ name: 'Tmkdir', dfid, entry: 'a', mode: 0o755, gid: 0 });
    await walk(5 + dfid, dfid === 1 ? 'host' : 'memory', 'a');
    await raw.request({ name: 'Tlcreate', fid: 3 + dfid, entry: 'b', flags: O.RDWR, mode: 0o644, gid: 0 });
  }
  await Promise.all([
    walk(8, 'ctl', 'sink'),
    walk(9, 'host'),
    walk(10, 'host', 'b'),
    walk(11, 'memory', 'b'),
  ]);
  await raw.request({ name: 'Tlopen', fid: 8, flags: O.WRONLY });
  await raw.request({ name: 'Tlopen', fid: 9, flags: O.DIRECTORY });
}

function drained(raw: RawClient): Promise<unknown> {
  return Promise.race([raw.closed, new Promise((resolve) => raw.stream.once('drain', resolve))]);
}

describe('whatever bytes a client sends', () => {
  test.each([
    {
      what: 'messages with wrong contents',
      keepsFrame: true,
      frames: 100_000,
      together: 50,
      least: 3000,
      seed: 1,
    },
    {
      what: 'a stream with wrong sizes too',
      keepsFrame: false,
      frames: 4000,
      together: 1,
      least: 50,
      seed: 2,
    },
  ])(
    '$what: nothing crashes, nothing leaks, nothing outside is touched',
    async ({ keepsFrame, frames, together, least, seed }) => {
      const { outside, folder, serving, open, closedAgain } = await target();
      const dice = new Dice(seed);
      const bystander = await serving.client();
      let done = 0;
      for (let sent = 0; sent < frames; ) {
        const most = Math.min(frames - sent, FRAMES_A_CONNECTION);
        const attacked = await attack(serving, dice, most, keepsFrame, together);
        sent += attacked.sent;
        done += attacked.done;
        await eventually('the connection is over', () => serving.server.connections.size === 1);
        expect(open(), `after ${sent} frames`).toBe(0);
      }
      // Else it would have tried nothing but the door.
      expect(done).toBeGreaterThan(least);
      expect(closedAgain()).toBe(0);
      // Peers that broke the protocol are told of; a defect would be another kind of error.
      expect(serving.errors.filter((error) => !(error instanceof CodecError))).toEqual([]);

      expect((await readdir(outside)).sort()).toEqual(['secret', 'served']);
      expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('secret');
      // What it found out about files it can only have done with them: they are there.
      expect((await bystander.list('')).map(({ name }) => name)).toEqual(['host', 'memory', 'ctl']);
      expect((await bystander.list('host')).map(({ name }) => name).sort()).toEqual(
        (await readdir(folder, 'latin1')).sort(),
      );
      await bystander.close();
      expect(await openFilesBelow(folder)).toEqual([]);
    },
    180_000,
  );

  test('a client that talks to itself: valid requests only, in any order', async () => {
    const { serving, open } = await target();
    const dice = new Dice(3);
    const raw = await RawClient.connect(serving.server.socketPath);
    await Client.attach(raw, { msize: 65536 });
    const replies: Promise<unknown>[] = [];
    for (let i = 0; i < 10_000; i++) {
      const message = plausible(dice);
      if (message.name === 'Tversion' || message.name === 'Tread' || !message.name.startsWith('T')) continue;
      replies.push(raw.request(message as Parameters<RawClient['request']>[0]));
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    // Each is answered: no request is forgotten.
    expect((await Promise.all(replies)).includes(null)).toBe(false);
    expect(raw.unexpected).toEqual([]);
    await raw.close();
    await eventually('all files are closed', () => open() === 0);
    expect(serving.errors).toEqual([]);
  });
});
