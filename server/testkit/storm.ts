import { setTimeout as delay } from 'node:timers/promises';
import { sha256 } from '../../platform/files.ts';
import type { Lease, ResultVerdict } from '../../protocol/project-api.ts';
import type { StaffResult } from '../../protocol/staff-api.ts';
import { Client, type Files, failedReport, finished, Host, Refused, type Staff } from './client.ts';
import { modelOutput, modelSums } from './model.ts';

const PATIENCE_MS = 200_000;

/** A campaign of modelCampaign() with 100 events a unit, as it must be in the end. */
export interface Expected {
  readonly name: string;
  readonly seed: number;
  readonly units: number;
  /** Results that count, for each unit. */
  readonly quorum: number;
}

/**
 * Hosts that go on whatever happens to the servers: each step is tried until it is answered, by whichever of them. What
 * was acknowledged is kept, to be compared with what the project has in the end.
 */
export class Storm {
  readonly #urls: () => readonly string[];
  readonly #random: () => number;
  /** What was acknowledged, by lease. */
  readonly verdicts = new Map<string, ResultVerdict>();
  readonly leased = new Set<string>();
  readonly #uploaded = new Map<string, Host>();
  /** What is acknowledged once for all and then is otherwise. */
  readonly contradictions: string[] = [];
  /** How many answers hosts have had. */
  answers = 0;
  /** How often they were told to come again. */
  refused = 0;
  /** Leases that were taken back from a host in hand, by an earlier request of its own that was overtaken. */
  dropped = 0;
  #ended = false;

  /** @param urls of servers; one is taken at random for each step */
  constructor(urls: () => readonly string[], random: () => number) {
    this.#urls = urls;
    this.#random = random;
  }

  get #url(): string {
    const urls = this.#urls();
    return urls[Math.floor(this.#random() * urls.length)] ?? '';
  }

  /** Resolves after end(). */
  async run(hosts: number): Promise<void> {
    await Promise.all(Array.from({ length: hosts }, () => this.#host()));
  }

  end(): void {
    this.#ended = true;
  }

  /** Tries a step until it is answered: fetch fails with a TypeError while a server is down or dies in between. */
  async insist<T>(step: () => Promise<T>): Promise<T> {
    for (const end = Date.now() + PATIENCE_MS; ; await delay(50)) {
      try {
        const answer = await step();
        this.answers++;
        return answer;
      } catch (error) {
        const isAway = error instanceof TypeError || (error instanceof Refused && error.status === 503);
        if (!isAway || Date.now() > end) throw error;
        if (error instanceof Refused) this.refused++;
      }
    }
  }

  async #host(): Promise<void> {
    const first = await this.insist(() => Host.register(this.#url));
    const host = () => new Host(this.#url, { hostId: first.id, token: first.token ?? '' });
    while (!this.#ended) {
      const want = 1 + Math.floor(this.#random() * 3);
      const { leases } = await this.insist(() => host().leases(want));
      for (const lease of leases) this.leased.add(lease.id);
      for (const lease of leases) await this.#finish(host, lease);
      if (leases.length === 0) await delay(100);
    }
  }

  async #finish(host: () => Host, lease: Lease): Promise<void> {
    const choice = this.#random();
    if (choice < 0.05) {
      await this.#report(() => host().report(failedReport(lease)));
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
    await this.#report(() => host().report(report));
    // An answer may get lost: told again it must be the same.
    if (this.#random() < 0.3) await this.#report(() => host().report(report));
  }

  /** In two parts, from where the server is. */
  async #upload(host: () => Host, bytes: Buffer): Promise<void> {
    const hash = sha256(bytes);
    for (;;) {
      const { status, json } = await this.insist(() => host().send('GET', `/uploads/${hash}`));
      if (status !== 200) {
        await delay(50);
        continue;
      }
      const { offset, complete } = json as { offset: number; complete: boolean };
      if (complete) break;
      const end = offset === 0 ? Math.ceil(bytes.length / 2) : bytes.length;
      await this.insist(() => host().part(hash, bytes.subarray(offset, end), offset, bytes.length));
    }
    this.#uploaded.set(hash, host());
  }

  async #report(tell: () => Promise<ResultVerdict>): Promise<void> {
    const verdict = await this.insist(tell).catch((error: unknown) => {
      // A request that hung at one server, while the host asked the other, does not name what that one gave: as an engine
      // does, it is dropped, and somebody computes it again.
      if (error instanceof Refused && error.status === 404) return null;
      throw error;
    });
    if (!verdict) {
      this.dropped++;
      return;
    }
    const before = this.verdicts.get(verdict.lease);
    if (before && before.state !== 'pending' && JSON.stringify(before) !== JSON.stringify(verdict))
      this.contradictions.push(`${JSON.stringify(before)}, then ${JSON.stringify(verdict)}`);
    this.verdicts.set(verdict.lease, verdict);
  }

  /**
   * Compares the project with what was acknowledged, and each campaign with what it must be to the last count.
   * @returns what is wrong
   */
  async faults(staff: Staff, campaigns: readonly Expected[]): Promise<string[]> {
    const faults = [...this.contradictions];
    const mustEqual = (what: string, actual: unknown, expected: unknown) => {
      const [is, must] = [JSON.stringify(actual), JSON.stringify(expected)];
      if (is !== must) faults.push(`${what}: ${is}, expected ${must}`);
    };
    const results = new Map((await staff.results()).map((result) => [result.lease, result]));
    for (const [lease, verdict] of this.verdicts)
      mustEqual(`result of ${lease}`, ...asKept(verdict, results.get(lease)));
    for (const { name, seed, units, quorum } of campaigns) {
      const { points, unitsValid, unitsSetAside, eventsValid } = await staff.campaign(name);
      mustEqual(
        name,
        { unitsValid, unitsSetAside, eventsValid },
        { unitsValid: units, unitsSetAside: 0, eventsValid: units * 100 },
      );
      const cards = Array.from({ length: units }, (_, i) => {
        return { seed, firstEvent: i * 100, events: 100, blockEvents: 50, parameters: {} };
      });
      const { crossSection, histograms } = modelSums(cards);
      mustEqual(`histograms of ${name}`, points[0]?.histograms, histograms);
      const { attempted, accepted } = points[0]?.crossSection ?? {};
      mustEqual(
        `cross section of ${name}`,
        { attempted, accepted },
        {
          attempted: crossSection.attempted,
          accepted: crossSection.accepted,
        },
      );
      const valid = [...results.values()].filter((one) => one.campaign === name && one.state === 'valid');
      mustEqual(`valid results of ${name}`, valid.length, units * quorum);
      mustEqual(
        `credit of ${name}`,
        valid.every((one) => one.creditMicroseconds === 250),
        true,
      );
    }
    return [...faults, ...(await this.#filesLost(results))];
  }

  async #filesLost(results: ReadonlyMap<string, StaffResult>): Promise<string[]> {
    const lost: string[] = [];
    const anybody = new Client(this.#url);
    const hashes = new Set([...results.values()].flatMap(({ files }) => files.map((file) => file.sha256)));
    for (const hash of hashes) {
      const { status, bytes } = await anybody.send('GET', `/objects/${hash}`);
      if (status !== 200 || sha256(bytes) !== hash) lost.push(`object ${hash}: ${status}`);
    }
    for (const [hash, host] of this.#uploaded) {
      const { json } = await host.send('GET', `/uploads/${hash}`);
      if (!(json as { complete?: boolean } | null)?.complete) lost.push(`upload ${hash}`);
    }
    return lost;
  }
}

/** What was acknowledged, and what is kept of it; what was pending may have been decided since. */
function asKept(verdict: ResultVerdict, result: StaffResult | undefined): [unknown, unknown] {
  if (!result) return [null, verdict];
  const { state, creditMicroseconds } = result;
  if (verdict.state === 'pending') return [['valid', 'late', 'invalid'].includes(state), true];
  return [
    { state, creditMicroseconds },
    { state: verdict.state, creditMicroseconds: verdict.creditMicroseconds },
  ];
}

/** mulberry32: a small generator that a seed repeats. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
