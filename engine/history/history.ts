import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Logger } from '../../platform/log.ts';
import { FinishedUnit, type HistoryDay, type UnitsPage, type UnitsQuery } from '../../protocol/engine-api.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { HistoryCalls, HistoryReply, HistoryRequest } from './process.ts';
import type { UnitsCursor } from './queries/list-units.ts';
import { HistoryError, type PointSums, type Totals, type UnitRecord } from './records.ts';

/** Left alone this long, the process ends. */
const LINGER_MS = 20_000;

/**
 * The history of this host.
 *
 *     no process -> (a call) -> process -> LINGER_MS without a call -> no process
 *
 * Calls are answered in their order. A call that fails rejects (HistoryError where the person can mend it); what it
 * was to record is not recorded and may be tried again. A process that dies rejects what it owed; the next call starts
 * another.
 */
export class History {
  readonly #path: string;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  #child: ChildProcess | null = null;
  /** Resolves when the process before has ended. */
  #previous: Promise<void> = Promise.resolve();
  #cancelLinger: () => void = () => {};
  #lastId = 0;
  #closed = false;
  #damagedAt: string | null = null;

  /** @param path FILES.history; the caller holds the data folder's lock */
  constructor(path: string, log: Logger, clock: Clock = systemClock) {
    this.#path = path;
    this.#log = log;
    this.#clock = clock;
  }

  /** Where a damaged file was put in this life; null: it was sound as far as is known. */
  get damagedAt(): string | null {
    return this.#damagedAt;
  }

  /** Durable when it resolves; idempotent by lease. Call when a unit is computed and when its verdict comes. */
  record(unit: UnitRecord): Promise<boolean> {
    return this.#ask('record', unit);
  }

  /** The last `count` calendar days, today included, oldest first; days without work are left out. */
  days(count: number): Promise<HistoryDay[]> {
    return this.#ask('days', count);
  }

  totals(): Promise<Totals> {
    return this.#ask('totals');
  }

  /**
   * A page of finished units, the newest first.
   * @throws HistoryError where `before` is no cursor of such a page
   */
  async units({ limit, before, ...filter }: UnitsQuery): Promise<UnitsPage> {
    const { units, total } = await this.#ask('units', filter, cursorOf(before), limit);
    const page = FinishedUnit.array().parse(units);
    const last = page.at(-1);
    return { units: page, total, next: last && page.length === limit ? textOf(last) : null };
  }

  /** What this host's validated units fill of each point of a campaign. */
  points(project: string, campaign: string): Promise<PointSums[]> {
    return this.#ask('points', project, campaign);
  }

  /** Gives what an older version recorded by a project's name the project's key. */
  adopt(projects: readonly { readonly key: string; readonly name: string }[]): Promise<void> {
    return this.#ask('adopt', projects);
  }

  /** The last `count` units, the newest last. */
  async finished(count: number): Promise<FinishedUnit[]> {
    // Written by this or an older version, read by this one: an edge.
    return FinishedUnit.array().parse(await this.#ask('finished', count));
  }

  /** Waits for what was asked, then ends the process. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#idle();
    await this.#end();
  }

  async #idle(): Promise<void> {
    while (this.#waiting.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  async #ask<K extends keyof HistoryCalls>(
    call: K,
    ...args: Parameters<HistoryCalls[K]>
  ): Promise<ReturnType<HistoryCalls[K]>> {
    if (this.#closed) throw new Error('the history is closed');
    // Two processes must never have the file open at once.
    if (!this.#child) await this.#previous;
    const child = this.#process();
    this.#cancelLinger();
    const id = ++this.#lastId;
    const request: HistoryRequest = { id, call, args };
    return new Promise((resolve, reject) => {
      // The process answers each call with what HistoryCalls says.
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      keepAlive(child, true);
      child.send(request, (error) => {
        if (error) this.#gone(child, error);
      });
    });
  }

  #process(): ChildProcess {
    if (this.#child) return this.#child;
    const child = fork(fileURLToPath(new URL('./process.ts', import.meta.url)), [this.#path], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // Not the engine's own flags (its heap, its inspector). SQLite has little to do here: optimising its large functions takes
      // twice the processor's time of all it does in a session, and 20 MB.
      execArgv: ['--max-old-space-size=64', '--liftoff-only'],
    });
    child.on('message', (reply: HistoryReply) => this.#answered(reply));
    child.on('error', (error) => this.#gone(child, error));
    child.on('exit', (code, signal) => {
      this.#gone(child, new Error(`the process of the history ended (${signal ?? `status ${code}`})`));
    });
    this.#child = child;
    // Not 'close': Node never emits that for a child whose channel the parent has closed itself, as #end() does.
    this.#previous = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    return child;
  }

  #answered(reply: HistoryReply): void {
    if (reply.id === null) {
      this.#damagedAt = reply.movedAside;
      this.#log.error(
        { movedTo: reply.movedAside },
        'the history was damaged: it was put aside and a new one begun; past contributions are no longer shown here, the project still has them',
      );
      return;
    }
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.ok) waiting?.resolve(reply.value);
    else
      waiting?.reject(
        reply.isForPerson ? new HistoryError(reply.message) : new Error(`history: ${reply.message}`),
      );
    if (this.#waiting.size > 0 || !this.#child) return;
    keepAlive(this.#child, false);
    this.#cancelLinger();
    this.#cancelLinger = this.#clock.after(LINGER_MS, () => void this.#end());
  }

  #gone(child: ChildProcess, error: Error): void {
    if (this.#child !== child) return;
    this.#child = null;
    this.#cancelLinger();
    child.kill('SIGKILL');
    this.#log.error({ err: error }, 'the process of the history is gone');
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }

  /** Hangs up: the process closes the database and ends. */
  async #end(): Promise<void> {
    this.#cancelLinger();
    const child = this.#child;
    if (!child) return;
    this.#child = null;
    keepAlive(child, true);
    child.disconnect();
    await this.#previous;
  }
}

function textOf({ finishedAt, leaseId }: FinishedUnit): string {
  return Buffer.from(JSON.stringify([finishedAt, leaseId])).toString('base64url');
}

function cursorOf(text: string | undefined): UnitsCursor | null {
  if (text === undefined) return null;
  try {
    const [finishedAt, leaseId] = z
      .tuple([z.string(), z.string()])
      .parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    return { finishedAt, leaseId };
  } catch (cause) {
    throw new HistoryError('"before" is no cursor; use "next" of the page before', { cause });
  }
}

/** With nothing owed, the process of the history does not keep the engine alive. */
function keepAlive(child: ChildProcess, yes: boolean): void {
  if (yes) {
    child.ref();
    child.channel?.ref();
  } else {
    child.unref();
    child.channel?.unref();
  }
}
