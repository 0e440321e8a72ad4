import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256 } from '../platform/files.ts';
import type { Lease, ResultVerdict } from '../protocol/project-api.ts';
import { type ChildServer, childServer } from './testkit/child.ts';
import { Client, type Files, failedReport, finished, Host, Staff } from './testkit/client.ts';
import { modelCampaign, modelOutput, modelPrograms, modelRelease, modelSums } from './testkit/model.ts';
import { until } from './testkit/until.ts';

const KILLS = 8;
const HOSTS = 12;
const UNITS = 100;

let folder = '';
let server: ChildServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-kill-'));
  server = await childServer(folder);
});
afterAll(async () => {
  await server?.kill();
  await rm(folder, { recursive: true, force: true });
});

/** What the server has acknowledged to hosts. */
const verdicts = new Map<string, ResultVerdict>();
const leased = new Set<string>();
const uploaded = new Map<string, Host>();

/** A host that goes on whatever happens to the server: each step is tried until it is answered. */
class Stubborn {
  readonly #url: string;
  readonly #random: () => number;
  #host: Host | null = null;

  constructor(url: string, random: () => number) {
    this.#url = url;
    this.#random = random;
  }

  async run(ended: () => boolean): Promise<void> {
    this.#host = await insist(() => Host.register(this.#url));
    while (!ended()) {
      const { leases } = await insist(
        () => this.#host?.leases(1 + Math.floor(this.#random() * 3)) ?? Promise.reject(),
      );
      for (const lease of leases) leased.add(lease.id);
      for (const lease of leases) await this.#finish(lease);
      if (leases.length === 0) await delay(100);
    }
  }

  async #finish(lease: Lease): Promise<void> {
    const host = this.#host;
    if (!host) return;
    const choice = this.#random();
    if (choice < 0.05) {
      await this.#report(() => host.report(failedReport(lease)));
      return;
    }
    const files: Files = { ...modelOutput(lease.card), 'sample.txt': `of ${lease.unitId}\n`.repeat(50) };
    const report = finished(lease, files);
    if (report.outcome.state !== 'finished') return;
    for (const file of report.outcome.files) {
      const bytes = Buffer.from(files[file.path] ?? '');
      if (choice < 0.6) file.data = bytes.toString('base64');
      else await this.#upload(host, bytes);
    }
    await this.#report(() => host.report(report));
    // An answer may get lost: told again it must be the same.
    if (this.#random() < 0.3) await this.#report(() => host.report(report));
  }

  /** In two parts, from where the server is. */
  async #upload(host: Host, bytes: Buffer): Promise<void> {
    const hash = sha256(bytes);
    for (;;) {
      const { json } = await insist(() => host.send('GET', `/uploads/${hash}`));
      const { offset, complete } = json as { offset: number; complete: boolean };
      if (complete) break;
      const end = offset === 0 ? Math.ceil(bytes.length / 2) : bytes.length;
      await insist(() => host.part(hash, bytes.subarray(offset, end), offset, bytes.length));
    }
    uploaded.set(hash, host);
  }

  async #report(tell: () => Promise<ResultVerdict>): Promise<void> {
    const verdict = await insist(tell);
    const before = verdicts.get(verdict.lease);
    if (before && before.state !== 'pending') expect(verdict).toEqual(before);
    verdicts.set(verdict.lease, verdict);
  }
}

/** How many answers hosts have had. */
let answers = 0;

/** Until the server answers: fetch fails with a TypeError while it is down or dies in between. */
async function insist<T>(step: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + 200_000; ; await delay(50)) {
    try {
      const answer = await step();
      answers++;
      return answer;
    } catch (error) {
      if (!(error instanceof TypeError) || Date.now() > end) throw error;
    }
  }
}

test(`killed ${KILLS} times amid leases, uploads and reports: all that was acknowledged is there, each unit merged once`, async () => {
  const { url, staffToken } = server;
  const port = Number(new URL(url).port);
  const staff = new Staff(url, staffToken);
  await staff.publish(modelRelease, modelPrograms);
  const both = { events: (UNITS / 2) * 100, attempts: 100 };
  // Begun with half of its events; staff extend it, and act on the others, while the server dies.
  await staff.push(modelCampaign('single', { ...both, events: both.events / 2, seed: 1 }));
  await staff.push(modelCampaign('ended', { ...both, seed: 3 }));
  await staff.push(modelCampaign('double', { ...both, seed: 2, validation: { quorum: 2 } }));

  const seed = Number(process.env.BEAMTIME_TEST_SEED ?? Date.now() % 1_000_000);
  const random = generator(seed);
  let ended = false;
  const hosts = Array.from({ length: HOSTS }, () => new Stubborn(url, random));
  const storm = Promise.all(hosts.map((host) => host.run(() => ended)));
  storm.catch(() => {}); // awaited below
  for (let kill = 0; kill < KILLS; kill++) {
    // Counted in answers, not in time: on a slow machine too the server dies amid work.
    const enough = answers + Math.floor(random() * 60);
    for (const until = Date.now() + 15_000; answers < enough && Date.now() < until; ) await delay(1);
    await delay(random() * 20);
    const acting = staffAct(staff, kill);
    await server.kill();
    server = await childServer(folder, { port });
    await acting;
  }
  expect((await staff.campaign('ended')).state).toBe('cancelled');
  const complete = async (name: string) => (await staff.campaign(name)).state === 'complete';
  await Promise.race([
    storm,
    until(
      'both campaigns complete',
      async () => (await complete('single')) && (await complete('double')),
      120_000,
    ),
  ]);
  ended = true;
  await storm;
  console.log(`seed ${seed}: ${leased.size} leases, ${verdicts.size} reports acknowledged`);

  const results = new Map((await staff.results()).map((result) => [result.lease, result]));
  for (const [lease, verdict] of verdicts) {
    const result = results.get(lease);
    if (verdict.state === 'pending') expect(['valid', 'late', 'invalid']).toContain(result?.state);
    else
      expect(result).toMatchObject({ state: verdict.state, creditMicroseconds: verdict.creditMicroseconds });
  }
  for (const [name, seedOf, quorum] of [
    ['single', 1, 1],
    ['double', 2, 2],
  ] as const) {
    const { points, unitsValid, unitsSetAside, eventsValid } = await staff.campaign(name);
    expect({ unitsValid, unitsSetAside, eventsValid }).toEqual({
      unitsValid: UNITS / 2,
      unitsSetAside: 0,
      eventsValid: both.events,
    });
    const cards = Array.from({ length: UNITS / 2 }, (_, i) => ({
      seed: seedOf,
      firstEvent: i * 100,
      events: 100,
      blockEvents: 50,
      parameters: {},
    }));
    expect(points[0]).toMatchObject(modelSums(cards));
    const valid = [...results.values()].filter((one) => one.campaign === name && one.state === 'valid');
    expect(valid).toHaveLength((UNITS / 2) * quorum);
    expect(valid.every((one) => one.creditMicroseconds === 250)).toBe(true);
  }
  const anybody = new Client(url);
  const hashes = new Set([...results.values()].flatMap(({ files }) => files.map((file) => file.sha256)));
  expect(hashes.size).toBeGreaterThanOrEqual(2 * UNITS);
  for (const hash of hashes) {
    const { status, bytes } = await anybody.send('GET', `/objects/${hash}`);
    expect([status, sha256(bytes)]).toEqual([200, hash]);
  }
  for (const [hash, host] of uploaded)
    expect((await host.send('GET', `/uploads/${hash}`)).json).toMatchObject({ complete: true });
  expect(await server.end()).toBe(0);
}, 240_000);

/** What staff do amid the kills: each is tried until it is answered, as what hosts do. */
async function staffAct(staff: Staff, kill: number): Promise<void> {
  const acts = [
    ['double', 'pause', {}],
    ['single', 'extend', { events: (UNITS / 2) * 100 }],
    ['ended', 'cancel', {}],
    ['double', 'resume', {}],
  ] as const;
  const [name, action, body] = acts[kill] ?? [];
  if (!name) return;
  const reply = await insist(() => staff.send('POST', `/staff/campaigns/${name}/${action}`, body));
  expect(reply.status).toBe(200);
}

/** mulberry32: a small generator that a seed repeats. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
