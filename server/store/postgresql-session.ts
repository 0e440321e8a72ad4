import { setTimeout as delay } from 'node:timers/promises';
import pg, { type Client, type ClientConfig } from 'pg';
import { TOPICS, type Topic } from './database.ts';
import { told } from './postgresql-faults.ts';

const CHANNEL = 'beamtime';
/** PostgreSQL lets transactions that notify commit one after the other, so news is told beside them, once for many. */
const GATHER_MS = 100;
const AGAIN_MS = 500;
/** Says nothing for so long: is it cut off? */
const ASK_EVERY_MS = 10_000;

/**
 * One connection that lasts, of each server process: it has the advisory locks of what one server does alone, and hears
 * what others announce. When it breaks, PostgreSQL frees the locks, and it is made anew; since news may have been missed
 * then, all are told to look.
 */
export class Session {
  readonly #config: ClientConfig;
  readonly #where: string;
  readonly #listeners = new Set<(topic: Topic) => void>();
  readonly #closing = new AbortController();
  /** What this process does alone: a session may have the same lock twice. */
  readonly #busy = new Set<string>();
  readonly #toTell = new Set<Topic>();
  #client: Client | null = null;
  #telling: NodeJS.Timeout | null = null;
  #asking: NodeJS.Timeout | null = null;
  #opening: Promise<void> | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(config: ClientConfig, where: string) {
    this.#config = { ...config, query_timeout: ASK_EVERY_MS };
    this.#where = where;
  }

  async open(): Promise<void> {
    await this.#connect();
    this.#asking = setInterval(() => {
      const client = this.#client;
      if (client) this.#ask(client, 'SELECT', []).catch(() => this.#lost(client));
    }, ASK_EVERY_MS);
  }

  async alone(name: string, work: () => Promise<void>): Promise<boolean> {
    const client = this.#client;
    if (!client || this.#busy.has(name)) return false;
    this.#busy.add(name);
    try {
      if (!(await this.#lock(client, name))) return false;
      try {
        await work();
      } finally {
        // Where it is not known whether the lock is free, the connection's end frees it.
        await this.#ask(client, 'SELECT pg_advisory_unlock($1, hashtext($2))', [CLASS, name]).catch(() =>
          this.#lost(client),
        );
      }
      return true;
    } finally {
      this.#busy.delete(name);
    }
  }

  async #lock(client: Client, name: string): Promise<boolean> {
    try {
      const [row] = await this.#ask<{ had: boolean }>(
        client,
        'SELECT pg_try_advisory_lock($1, hashtext($2)) AS had',
        [CLASS, name],
      );
      return row?.had === true;
    } catch (error) {
      this.#lost(client);
      throw told(error, this.#where);
    }
  }

  /** One at a time, as the client wants it. */
  #ask<Row extends object>(client: Client, sql: string, values: readonly unknown[]): Promise<Row[]> {
    const answer = this.#last.then(async () => (await client.query<Row>(sql, [...values])).rows);
    this.#last = answer.catch(() => {}); // told to whoever asked
    return answer;
  }

  announce(topic: Topic): void {
    this.#hear(topic);
    this.#toTell.add(topic);
    this.#telling ??= setTimeout(() => {
      this.#telling = null;
      const topics = [...this.#toTell].join(' ');
      this.#toTell.clear();
      // Who is not reached looks when it is back.
      const client = this.#client;
      if (client)
        this.#ask(client, 'SELECT pg_notify($1, $2)', [CHANNEL, topics]).catch(() => this.#lost(client));
    }, GATHER_MS);
  }

  onNews(hear: (topic: Topic) => void): () => void {
    this.#listeners.add(hear);
    return () => this.#listeners.delete(hear);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#telling) clearTimeout(this.#telling);
    if (this.#asking) clearInterval(this.#asking);
    await this.#opening;
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => {}); // it is gone then
  }

  async #connect(): Promise<void> {
    const client = new pg.Client(this.#config);
    client.on('error', () => this.#lost(client));
    client.on('end', () => this.#lost(client));
    let own = 0;
    client.on('notification', ({ payload, processId }) => {
      // Its own it has heard already.
      if (processId === own) return;
      for (const topic of TOPICS) if (payload?.split(' ').includes(topic)) this.#hear(topic);
    });
    try {
      await client.connect();
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      own = rows[0]?.pid ?? 0;
      await client.query(`LISTEN ${CHANNEL}`);
    } catch (error) {
      await client.end().catch(() => {}); // it is gone then
      throw told(error, this.#where);
    }
    this.#client = client;
  }

  #lost(client: Client): void {
    if (this.#client !== client) return;
    this.#client = null;
    void client.end().catch(() => {});
    this.#opening ??= this.#reconnect().finally(() => {
      this.#opening = null;
    });
  }

  async #reconnect(): Promise<void> {
    while (!this.#closing.signal.aborted && !this.#client) {
      try {
        await this.#connect();
        for (const topic of TOPICS) this.#hear(topic);
      } catch {
        // Requests tell what is wrong; this goes on until it is right.
        await delay(AGAIN_MS, undefined, { signal: this.#closing.signal }).catch(() => {});
      }
    }
  }

  #hear(topic: Topic): void {
    for (const hear of this.#listeners) hear(topic);
  }
}

/** Of advisory locks with two keys, those of servers' turns. Any number, the same for all servers of a store. */
const CLASS = 418_054;
