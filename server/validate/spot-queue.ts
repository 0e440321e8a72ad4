import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { cardOf } from '../dispatch/lease.ts';
import { ObjectDamaged } from '../objects/objects.ts';
import type { Project } from '../project.ts';
import { BlocksInvalid, blockLines, type Sums, sumBlocks } from './blocks.ts';
import * as sql from './queries.ts';
import { blocksText } from './report.ts';
import { CheckFailed, cardOfBlock, chooseBlocks, regenerateBlock } from './spot-check.ts';

/** Side by side; each keeps one core busy for as long as a few blocks take. The other half is for answering. */
const AT_ONCE = Math.max(2, Math.floor(availableParallelism() / 2));
/** A claim outlives any check; a killed server's claims are freed at the next start. */
const CLAIM_MS = 6 * 3600_000;
const AGAIN_MS = 30_000;
/** After so many tries it is held to be the result's own fault that its block cannot be made. */
const TRIES = 5;

/**
 * Works through the durable queue of spot checks. A row is claimed, checked and deleted in the same transaction as
 * the verdict; a server that dies in between finds it again.
 */
export class SpotQueue {
  readonly #project: Project;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #pumping: Promise<void> | null = null;
  #again = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(project: Project) {
    this.#project = project;
    project.onChecks = () => this.poke();
  }

  /** Takes up what a predecessor left. */
  async start(): Promise<void> {
    const now = this.#project.now().toISOString();
    await this.#project.db.transaction((tx) => tx.query(sql.FREE_CHECKS, [now]));
    this.poke();
  }

  poke(): void {
    this.#again = true;
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = null;
      if (this.#again && this.#running.size < AT_ONCE) this.poke();
    });
  }

  /** Checks under way are given up; they are made again at the next start. */
  async close(): Promise<void> {
    this.#project.onChecks = () => {};
    this.#closing.abort();
    if (this.#timer) clearTimeout(this.#timer);
    await this.#pumping;
    await Promise.all(this.#running);
  }

  async #pump(): Promise<void> {
    const { db, log } = this.#project;
    while (this.#again && !this.#closing.signal.aborted && this.#running.size < AT_ONCE) {
      this.#again = false;
      try {
        const now = this.#project.now();
        const until = new Date(now.getTime() + CLAIM_MS);
        const room = AT_ONCE - this.#running.size;
        const claimed = await db.transaction((tx) =>
          tx.query<{ lease_id: number; attempts: number }>(sql.CLAIM_CHECKS, [
            now.toISOString(),
            until.toISOString(),
            room,
          ]),
        );
        for (const { lease_id, attempts } of claimed) this.#begin(lease_id, attempts);
      } catch (error) {
        log.error({ err: error }, 'could not take up spot checks');
        this.#later();
      }
    }
  }

  #begin(leaseId: number, attempts: number): void {
    const run: Promise<void> = this.#check(leaseId, attempts).finally(() => {
      this.#running.delete(run);
      if (!this.#closing.signal.aborted) this.poke();
    });
    this.#running.add(run);
  }

  async #check(leaseId: number, attempts: number): Promise<void> {
    const { db, log, now } = this.#project;
    try {
      const [result] = await db.query<sql.CheckedResultRow>(sql.CHECKED_RESULT, [leaseId]);
      if (!result) {
        await db.transaction((tx) => tx.query(sql.DROP_CHECKS, [[leaseId]]));
        return;
      }
      const { fault, sums } = await this.#judge(result, attempts);
      await this.#project.records.do({ kind: 'checked', leaseId, unitId: result.unit_id, fault, sums });
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      log.error({ err: error, leaseId, attempts }, 'spot check failed; it is made again');
      const again = new Date(now().getTime() + AGAIN_MS * attempts);
      await db
        .transaction((tx) => tx.query(sql.POSTPONE_CHECK, [leaseId, again.toISOString()]))
        .catch((cause: unknown) => log.error({ err: cause }, 'could not postpone a spot check'));
      this.#later();
    }
  }

  async #judge(
    result: sql.CheckedResultRow,
    attempts: number,
  ): Promise<{ fault: string | null; sums: Sums | null }> {
    const { objects, releases } = this.#project;
    const release = await releases.get(result.release_id);
    const card = cardOf(result, result.spec);
    let text: string;
    let sums: Sums;
    try {
      text = await blocksText(objects, result.files);
      sums = sumBlocks(text, card, release.histograms);
    } catch (error) {
      if (error instanceof ObjectDamaged || error instanceof BlocksInvalid)
        return { fault: 'the output was damaged at the project; it is computed again', sums: null };
      throw error;
    }
    const program = release.programs['wasm32-wasi'];
    const wasm = program && (await objects.read(program.sha256));
    if (!wasm) throw new CheckFailed('the WebAssembly program of the release is not here; publish it again');
    const { validation } = result.spec;
    const lines = blockLines(text);
    for (const index of chooseBlocks(lines.length, 'spot' in validation ? validation.spot : 1, randomInt)) {
      try {
        const line = await regenerateBlock(wasm, release, cardOfBlock(card, index), this.#closing.signal);
        if (line !== lines[index])
          return { fault: `block ${index + 1} differs from what the project computes itself`, sums };
      } catch (error) {
        if (!(error instanceof CheckFailed) || attempts < TRIES || this.#closing.signal.aborted) throw error;
        return { fault: `the project cannot compute block ${index + 1} itself: ${error.message}`, sums };
      }
    }
    return { fault: null, sums };
  }

  #later(): void {
    if (this.#timer || this.#closing.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.poke();
    }, AGAIN_MS);
  }
}
