import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../platform/files.ts';
import type { Lease, ResultVerdict } from '../../protocol/project-api.ts';
import type { Card } from '../../protocol/work-unit.ts';
import { verifyTrail } from '../audit/chain.ts';
import { auditAfter } from '../audit/trail.ts';
import { changeState } from '../campaigns/change.ts';
import { pushCampaign } from '../campaigns/push.ts';
import { campaignDetail } from '../campaigns/read.ts';
import type { Database } from '../store/database.ts';
import { type BareProject, bareProject } from '../testkit/bare-project.ts';
import { finished } from '../testkit/client.ts';
import { modelBlocks, modelCampaign, modelOutput, modelRelease, modelSums } from '../testkit/model.ts';
import { LIGHT } from './trust-queries.ts';

/** Moves with every step, so that waits of minutes are none. */
let now = Date.parse('2026-01-01T00:00:00Z');
/** Throws at a statement of a transaction, where it is set. */
let fault: ((sql: string) => void) | null = null;
let bare: BareProject;
beforeAll(async () => {
  bare = await bareProject({
    now: () => new Date(now),
    regenerate: async (_wasm, _release, card) => JSON.stringify(modelBlocks(card)[0]),
    through: (db): Database => ({
      query: (sql, parameters) => db.query(sql, parameters),
      transaction: (work) =>
        db.transaction((tx) =>
          work({
            query: (sql, parameters) => {
              fault?.(sql);
              return tx.query(sql, parameters);
            },
          }),
        ),
      isShared: db.isShared,
      alone: (name, work) => db.alone(name, work),
      announce: (topic) => db.announce(topic),
      onNews: (hear) => db.onNews(hear),
      execute: (sql) => db.execute(sql),
      maintain: () => db.maintain(),
      close: () => db.close(),
    }),
  });
  const { project } = bare;
  // Whoever has a record is compared once in two hundred times: not here.
  project.draw = () => 0.9;
  const program = Buffer.from('a program, by name only');
  await project.objects.put(sha256(program), chunks(program), 1000);
  const blob = { sha256: sha256(program), bytes: program.length };
  const samples = ['events.txt'];
  await project.releases.put({ ...modelRelease, samples, programs: { 'wasm32-wasi': blob } }, project.now());
});
afterAll(() => bare?.remove());

async function* chunks(bytes: Buffer) {
  yield bytes;
}

const push = (name: string, change: Parameters<typeof modelCampaign>[1]) => {
  const spec = modelCampaign(name, { blockEvents: 10, validation: { adaptive: 500 }, ...change });
  return pushCampaign(bare.project.db, bare.project.releases, JSON.stringify(spec), bare.project.now());
};
const detail = async (name: string) => {
  const found = await campaignDetail(bare.project.db, bare.project.releases, name, bare.project.now());
  if (!found) throw new Error(`no campaign ${name}`);
  return found;
};
const cards = (seed: number, units: number): Card[] =>
  Array.from({ length: units }, (_, i) => ({
    seed,
    firstEvent: i * 100,
    events: 100,
    blockEvents: 10,
    parameters: {},
  }));

type Output = (card: Card) => Record<string, string>;
const honest: Output = (card) => ({ 'blocks.jsonl': String(modelOutput(card)['blocks.jsonl']) });
/** One count more in one bin of one block, or of all. */
const bent =
  (blocks: 'one' | 'all'): Output =>
  (card) => ({
    'blocks.jsonl': modelBlocks(card)
      .map((block, i) =>
        blocks === 'one' && i !== 3 ? block : { ...block, histograms: more(block.histograms) },
      )
      .map((block) => `${JSON.stringify(block)}\n`)
      .join(''),
  });
const more = ({ a, b }: ReturnType<typeof modelBlocks>[number]['histograms']) => ({
  a: [...a.slice(0, 2), (a[2] ?? 0) + 1, ...a.slice(3)],
  b,
});

/** A host on the project's own functions. */
class Worker {
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
  static async join(network: string | null = null): Promise<Worker> {
    const { project } = bare;
    const identity = await project.hosts.register(
      { cores: 1, os: 'test', engineVersion: '0' },
      project.now(),
      network,
    );
    return new Worker(Number(identity.hostId.slice(1)));
  }
  async leases(want: number): Promise<readonly Lease[]> {
    return (await this.ask(want)).leases;
  }
  ask(want: number) {
    return bare.project.lease(this.id, { want, platforms: ['wasm32-wasi'], held: [] });
  }
  /** Computes so many units, one after the other, each decided or waiting before the next. */
  async work(units: number, output: Output): Promise<Lease[]> {
    const done: Lease[] = [];
    for (let i = 0; i < units; i++) {
      const [lease] = await this.leases(1);
      if (!lease) break;
      await this.report(lease, output);
      await bare.settled();
      done.push(lease);
    }
    return done;
  }
  async report(lease: Lease, output: Output): Promise<ResultVerdict> {
    const files = output(lease.card);
    const report = finished(lease, files);
    if (report.outcome.state !== 'finished') throw new Error('not a report of outputs');
    for (const file of report.outcome.files)
      file.data = Buffer.from(files[file.path] ?? '').toString('base64');
    return bare.project.report(this.id, report);
  }
  async states(leases: readonly Lease[]): Promise<string> {
    const verdicts = await bare.project.verdicts(
      this.id,
      leases.map(({ id }) => id),
    );
    return leases.map(({ id }) => verdicts.find((one) => one.lease === id)?.state).join(' ');
  }
}

test('of a newcomer one result waits for another host, which it tests too; then both are believed', async () => {
  await push('newcomers', { events: 600, seed: 1 });
  const [first, second] = [await Worker.join('n1'), await Worker.join('n2')];
  const leases = await first.work(2, honest);
  expect(await first.states(leases)).toBe('pending valid');
  const others = await second.work(2, honest);
  expect(others[0]?.unitId).toBe(leases[0]?.unitId);
  expect(await first.states(leases)).toBe('valid valid');
  expect(await second.states(others)).toBe('valid valid');
  await second.work(10, honest);
  const { state, points } = await detail('newcomers');
  expect(state).toBe('complete');
  expect(points[0]).toMatchObject(modelSums(cards(1, 6)));
});

test('one of the same network is no second opinion; where nobody else is, the project checks all blocks', async () => {
  await push('alone', { events: 100, seed: 2 });
  const [first, neighbour] = [await Worker.join('n3'), await Worker.join('n3')];
  const leases = await first.work(1, honest);
  now += 5 * 60_000;
  expect(await neighbour.leases(5)).toEqual([]);
  expect(await first.states(leases)).toBe('pending');
  now += 5 * 60_000;
  await bare.settled();
  expect(await first.states(leases)).toBe('valid');
  expect((await detail('alone')).points[0]).toMatchObject(modelSums(cards(2, 1)));
});

describe('two that differ', () => {
  test.each([
    ['the first is wrong', bent('one'), honest],
    ['the second is wrong', honest, bent('one')],
  ])('%s: a block in which they do tells', async (what, one, two) => {
    const name = what.replaceAll(' ', '-');
    await push(name, { events: 100, seed: 3 });
    const [first, second, third] = [await Worker.join(), await Worker.join(), await Worker.join()];
    const [lease] = await first.leases(1);
    if (!lease) throw new Error('no lease');
    // Whatever block of the first is looked at: a wrong one of ten may be found at once.
    await first.report(lease, one);
    await bare.settled();
    const others = await second.work(1, two);
    const [liar, leases] = one === honest ? [second, others] : [first, [lease]];
    expect(await liar.states(leases)).toBe('invalid');
    expect(await liar.ask(1)).toMatchObject({ leases: [], reason: expect.stringMatching(/no more until/) });
    await third.work(1, honest);
    now += 11 * 60_000;
    await bare.settled();
    expect((await detail(name)).points[0]).toMatchObject(modelSums(cards(3, 1)));
  });
});

describe('a host that is honest for a while and then caught', () => {
  const UNITS = 20;
  let liar: Worker;
  let before: Lease[];

  test('gives back what nobody confirmed: sums, credit and units; whatever statement a crash comes at', async () => {
    await push('sleeper', { events: UNITS * 100, seed: 4 });
    liar = await Worker.join('n5');
    const witness = await Worker.join('n6');
    before = await liar.work(12, honest);
    await witness.work(1, honest);
    expect((await detail('sleeper')).unitsValid).toBe(12);
    expect(await liar.states(before)).not.toContain('pending');

    fault = (sql) => {
      if (sql === LIGHT) throw new Error('broken at first');
    };
    const [caught] = await liar.work(1, bent('all'));
    if (!caught) throw new Error('no lease');
    expect(await liar.states([caught])).toBe('invalid');
    // Only the withdrawal is left to be done: it is broken off at each of its statements in turn.
    let reached = true;
    let broken = 0;
    for (; reached; broken++) {
      let statements = 0;
      reached = false;
      fault = () => {
        if (statements++ !== broken) return;
        reached = true;
        throw new Error(`broken at statement ${broken}`);
      };
      bare.withdrawals.poke();
      await bare.withdrawals.idle();
      // All or nothing.
      expect([1, 12]).toContain((await detail('sleeper')).unitsValid);
    }
    fault = null;
    expect(broken).toBeGreaterThan(10);

    // The first of all was compared with the witness's; it stays.
    expect(await liar.states(before)).toBe(`valid${' invalid'.repeat(11)}`);
    const { unitsValid, eventsValid, points } = await detail('sleeper');
    expect({ unitsValid, eventsValid }).toEqual({ unitsValid: 1, eventsValid: 100 });
    expect(points[0]).toMatchObject({
      unitsValid: 1,
      ...modelSums(before.slice(0, 1).map(({ card }) => card)),
    });
    expect(await bare.project.hosts.standing(liar.id)).toMatchObject({
      creditMicroseconds: 250,
      eventsValid: 100,
      results: { valid: 1, invalid: 12, pending: 0 },
    });
  });

  test('once more, nothing is taken back twice', async () => {
    const sums = await detail('sleeper');
    await bare.project.db.transaction((tx) =>
      tx.query('UPDATE host SET withdrawing = true WHERE id = $1', [liar.id]),
    );
    bare.withdrawals.poke();
    await bare.settled();
    expect(await detail('sleeper')).toEqual(sums);
  });

  test('done again by others, all is bit by bit as if it had never been there', async () => {
    const others = [await Worker.join('n7'), await Worker.join('n8')];
    for (let round = 0; round < UNITS; round++) for (const other of others) await other.work(1, honest);
    now += 11 * 60_000;
    await bare.settled();
    const { state, unitsValid, points } = await detail('sleeper');
    expect({ state, unitsValid }).toEqual({ state: 'complete', unitsValid: UNITS });
    expect(points[0]).toMatchObject(modelSums(cards(4, UNITS)));
    expect((await liar.ask(5)).leases).toEqual([]);
  });

  test('a campaign that was complete goes on', async () => {
    await push('late', { events: 300, seed: 5 });
    const [sleeper, other] = [await Worker.join('n9'), await Worker.join('n10')];
    const leases = await sleeper.work(3, honest);
    await other.work(1, honest);
    expect((await detail('late')).state).toBe('complete');
    await push('next', { events: 100, seed: 6 });
    await sleeper.work(1, bent('all'));
    expect(await sleeper.states(leases)).toBe('valid invalid invalid');
    expect(await detail('late')).toMatchObject({ state: 'running', unitsValid: 1 });
    await other.work(5, honest);
    expect((await detail('late')).state).toBe('complete');
    expect((await detail('late')).points[0]).toMatchObject(modelSums(cards(5, 3)));
  });
});

test('what was analysed of a file whose two hosts were caught later goes no further', async () => {
  const two = [await Worker.join('n20'), await Worker.join('n21')];
  const owned = (name: string, change: object) => push(name, { events: 300, owner: name, ...change });
  await owned('generated', { seed: 11, validation: { quorum: 2 } });
  const inputs = { from: 'generated', output: 'events.txt' };
  for (const name of ['analysed', 'untouched']) await owned(name, { inputs, validation: { quorum: 1 } });
  const kept: Output = (card) => ({ ...honest(card), 'events.txt': `events from ${card.firstEvent}` });
  /** Of all that it is given. */
  const only = async (worker: Worker, campaign: string, output: Output) => {
    for (const lease of await worker.leases(60))
      if (lease.campaign === campaign && lease.card.firstEvent === 0) await worker.report(lease, output);
      else await bare.project.giveBack(worker.id, [lease.id]);
    await bare.settled();
  };
  for (const worker of two) await only(worker, 'generated', kept);
  await only(await Worker.join('n22'), 'analysed', honest);
  expect(await detail('analysed')).toMatchObject({ state: 'running', unitsValid: 1 });
  await owned('trap', { events: 100, seed: 12 });
  await only(two[0] ?? (await Worker.join()), 'trap', bent('all'));
  // One is enough to confirm it.
  expect(await detail('generated')).toMatchObject({ unitsValid: 1 });
  expect(await detail('analysed')).toMatchObject({ state: 'running' });
  await only(two[1] ?? (await Worker.join()), 'trap', bent('all'));
  expect(await detail('generated')).toMatchObject({ unitsValid: 0 });
  expect(await detail('analysed')).toMatchObject({
    state: 'paused',
    reason: expect.stringContaining('were withdrawn'),
  });
});

test('after a week it may work again, and each of its results is compared for a while', async () => {
  await push('again', { events: 300, seed: 7 });
  const liar = await Worker.join('n11');
  await liar.work(1, bent('all'));
  expect(await liar.leases(1)).toEqual([]);
  now += 8 * 86_400_000;
  const leases = await liar.work(2, honest);
  expect(await liar.states(leases)).toBe('pending pending');
});

test('staff may pardon: it works again at once', async () => {
  await push('pardon', { events: 300, seed: 8 });
  const host = await Worker.join('n12');
  await host.work(1, bent('all'));
  expect(await host.leases(1)).toEqual([]);
  expect(await bare.project.hosts.pardon(host.id)).toBe(true);
  expect(await host.leases(1)).toHaveLength(1);
  expect(await bare.project.hosts.pardon(999_999)).toBe(false);
});

test('those alike are counted: the networks of hosts that were caught, and the kind of capsule', async () => {
  const rows = await bare.project.db.query<{ kind: string; key: string; caught: number; judged: number }>(
    "SELECT kind, key, caught, judged FROM suspicion WHERE kind = 'capsule' OR key IN ('n6', 'n12')",
  );
  const capsule = rows.find((row) => row.kind === 'capsule');
  expect(rows.find((row) => row.key === 'n12')).toMatchObject({ caught: 1 });
  expect(rows.some((row) => row.key === 'n6')).toBe(false);
  expect(capsule).toMatchObject({ key: 'wasm' });
  expect(capsule?.judged).toBeGreaterThan(capsule?.caught ?? 0);
});

test('a host can not foresee which unit it gets', async () => {
  // Of the tests above wait a few units for a second host, which this newcomer would get first.
  const open = "SELECT name FROM campaign WHERE state = 'running'";
  for (const { name } of await bare.project.db.query<{ name: string }>(open)) {
    await changeState(bare.project.db, name, 'cancel', null, new Date(now));
  }
  await push('drawn', { events: 6000, seed: 9 });
  const host = await Worker.join();
  const drawn = new Set<string>();
  for (let i = 0; i < 12; i++) {
    const leases = await host.leases(1);
    for (const { id, unitId } of leases) {
      drawn.add(unitId);
      await bare.project.giveBack(host.id, [id]);
    }
  }
  // Twelve of 33: in the mean ten different ones, and by chance fewer than five once in two million runs.
  expect(drawn.size).toBeGreaterThan(4);
});

test('the trail tells of it and is whole', async () => {
  const { breach, rows } = await verifyTrail((number) => auditAfter(bare.project.db, number, 4));
  expect({ breach, enough: rows > 8 }).toEqual({ breach: null, enough: true });
});
