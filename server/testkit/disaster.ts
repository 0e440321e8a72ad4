import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ChildServer, childServer } from './child.ts';
import { Staff } from './client.ts';
import { freePort } from './free-port.ts';
import { type Line, openLine } from './line.ts';
import { modelCampaign, modelPrograms, modelRelease } from './model.ts';
import { type PostgresqlServer, postgresqlServer } from './postgresql.ts';
import { generator, Storm } from './storm.ts';

/** kill -9 of a server, of PostgreSQL's postmaster, of all at once; an immediate shutdown; a cable pulled for a while. */
export const STROKES = ['server', 'postgresql', 'all', 'immediate', 'network'] as const;
export type Stroke = (typeof STROKES)[number];

const SERVERS = 2;
/** How many processes a stroke kills. */
export const KILLED: Readonly<Record<Stroke, number>> = {
  server: 1,
  postgresql: 1,
  all: SERVERS + 1,
  immediate: 1,
  network: 0,
};
const HOSTS = 10;
/** Longer than a server waits for an answer in tests (server-process.ts). */
const CUT_MS = 2_500;

interface Member {
  readonly port: number;
  readonly line: Line;
  child: ChildServer;
}

/**
 * A project on two server processes, each with a network of its own to one PostgreSQL, and hosts that work while all of
 * that is struck. Nobody mends anything by hand: what was killed is started again, as systemd does.
 */
export class Disaster {
  readonly #folder: string;
  readonly #postgresql: PostgresqlServer;
  readonly #members: Member[];
  readonly #units: number;
  #storm: Storm | null = null;
  readonly strokes: Record<Stroke, number> = { server: 0, postgresql: 0, all: 0, immediate: 0, network: 0 };
  /** From a stroke until hosts have had answers of every server again. */
  readonly recoveriesMs: number[] = [];

  private constructor(folder: string, postgresql: PostgresqlServer, members: Member[], units: number) {
    this.#folder = folder;
    this.#postgresql = postgresql;
    this.#members = members;
    this.#units = units;
  }

  /** @param units of each of its two campaigns, one of them with a quorum of two */
  static async prepare(folder: string, { units }: { readonly units: number }): Promise<Disaster> {
    const postgresql = await postgresqlServer();
    const members: Member[] = [];
    const disaster = new Disaster(folder, postgresql, members, units);
    try {
      const begun = Array.from({ length: SERVERS }, async () => {
        const line = await openLine(postgresql.port);
        const port = await freePort();
        // Both at once, on an empty store and an empty folder.
        members.push({ port, line, child: await disaster.#start(port, line) });
      });
      for (const one of await Promise.allSettled(begun)) if (one.status === 'rejected') throw one.reason;
      const staff = disaster.staff();
      await staff.publish(modelRelease, modelPrograms);
      const both = { events: units * 100, attempts: 100 };
      await staff.push(modelCampaign('single', { ...both, seed: 1 }));
      await staff.push(modelCampaign('double', { ...both, seed: 2, validation: { quorum: 2 } }));
      return disaster;
    } catch (error) {
      await disaster.remove();
      throw error;
    }
  }

  staff(): Staff {
    const { url, staffToken } = this.#member(0).child;
    return new Staff(url, staffToken);
  }

  get summary(): string {
    const { leased, verdicts, refused, dropped, answers } = this.#storm ?? new Storm(() => [], Math.random);
    return `${JSON.stringify(this.strokes)}: ${answers} answers, ${refused} times told to come again, ${dropped} leases dropped, ${leased.size} leases, ${verdicts.size} reports acknowledged`;
  }

  /** Until both campaigns are complete, and all strokes were dealt. */
  async run({
    seed,
    strokes,
  }: {
    readonly seed: number;
    readonly strokes: readonly Stroke[];
  }): Promise<void> {
    const random = generator(seed);
    const storm = new Storm(() => this.#members.map(({ port }) => `http://127.0.0.1:${port}`), random);
    this.#storm = storm;
    const running = storm.run(HOSTS);
    let failure: unknown = null;
    running.catch((error: unknown) => {
      failure = error;
    });
    for (const stroke of strokes) {
      if (failure) throw failure;
      const enough = storm.answers + 20 + Math.floor(random() * 60);
      // Counted in answers, not in time: on a slow machine too it strikes amid work.
      for (const end = Date.now() + 5_000; storm.answers < enough && Date.now() < end; ) await delay(2);
      await delay(random() * 20);
      const from = Date.now();
      await this.#strike(stroke, this.#member(Math.floor(random() * SERVERS)));
      this.strokes[stroke]++;
      await Promise.all(this.#members.map(({ port }) => storm.insist(() => alive(port))));
      this.recoveriesMs.push(Date.now() - from);
    }
    const complete = async () => {
      for (const name of ['single', 'double'])
        if ((await storm.insist(() => this.staff().campaign(name))).state !== 'complete') return false;
      return true;
    };
    while (!failure && !(await complete())) await delay(100);
    storm.end();
    await running;
  }

  /** What is not as it must be. */
  async faults(): Promise<string[]> {
    const expected = [
      { name: 'single', seed: 1, units: this.#units, quorum: 1 },
      { name: 'double', seed: 2, units: this.#units, quorum: 2 },
    ];
    return (await this.#storm?.faults(this.staff(), expected)) ?? ['nothing was done'];
  }

  async remove(): Promise<void> {
    for (const { child } of this.#members) await child.end();
    for (const { line } of this.#members) await line.close();
    await this.#postgresql.remove();
  }

  #member(index: number): Member {
    const member = this.#members[index];
    if (!member) throw new Error('there is no such server');
    return member;
  }

  #start(port: number, line: Line): Promise<ChildServer> {
    const database = this.#postgresql.url.replace(`:${this.#postgresql.port}/`, `:${line.port}/`);
    return childServer(join(this.#folder, 'project'), { port, database });
  }

  async #strike(stroke: Stroke, member: Member): Promise<void> {
    switch (stroke) {
      case 'server':
        await member.child.kill();
        member.child = await this.#start(member.port, member.line);
        return;
      case 'postgresql':
        await this.#postgresql.kill();
        return this.#postgresql.start();
      case 'all':
        await Promise.all([this.#postgresql.kill(), ...this.#members.map(({ child }) => child.kill())]);
        await Promise.all([
          this.#postgresql.start(),
          ...this.#members.map(async (one) => {
            one.child = await this.#start(one.port, one.line);
          }),
        ]);
        return;
      case 'immediate':
        await this.#postgresql.stop('immediate');
        return this.#postgresql.start();
      case 'network':
        member.line.cut();
        await delay(CUT_MS);
        member.line.mend();
    }
  }
}

/** @throws TypeError as fetch does, where it can not be reached */
async function alive(port: number): Promise<void> {
  const { status } = await fetch(`http://127.0.0.1:${port}/api/v1/health/ready`);
  if (status !== 200) throw new TypeError(`the server is not ready: ${status}`);
}
