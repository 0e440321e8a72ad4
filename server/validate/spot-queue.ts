import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { MAX_INLINE_BYTES } from '../../protocol/project-api.ts';
import type { Release } from '../../protocol/release.ts';
import { BLOCKS, type Card } from '../../protocol/work-unit.ts';
import { cardOf } from '../dispatch/lease.ts';
import { Gate } from '../gate.ts';
import { ObjectDamaged } from '../objects/errors.ts';
import type { Project } from '../project.ts';
import { BlocksInvalid, blockLines, sumBlocks } from './blocks.ts';
import * as sql from './queries.ts';
import type { Judgement } from './record.ts';
import { blocksBytes } from './report.ts';
import { CheckFailed, cardOfBlock, chooseBlocks, differingBlock, regenerateBlock } from './spot-check.ts';

/** Side by side; each keeps one core busy for as long as a few blocks take. The other half is for answering. */
const AT_ONCE = Math.max(2, Math.floor(availableParallelism() / 2));
/** Claimed at a time, so that taking them up, reading outputs and writing verdicts is shared work. */
const IN_HAND = 128;
/** Outputs beyond this are read by AT_ONCE only. */
const LARGE_BYTES = MAX_INLINE_BYTES;
/** Programs kept in memory. */
const PROGRAMS = 4;
/** A claim is renewed for as long as its server works on it; what a killed one had claimed goes to another after that. */
const CLAIM_MS = 60_000;
const KEEP_MS = CLAIM_MS / 4;
const AGAIN_MS = 30_000;
/** After so many tries it is held to be the result's own fault that its block cannot be made. */
const TRIES = 5;

interface Claim {
  readonly lease_id: number;
  readonly attempts: number;
  /** All blocks, whatever the campaign says. */
  readonly whole: boolean;
}

/**
 * Works through the durable queue of spot checks. A row is claimed, checked and deleted in the same transaction as
 * the verdict; a server that dies in between finds it again.
 */
export class SpotQueue {
  readonly #project: Project;
  readonly #regenerate: typeof regenerateBlock;
  readonly #closing = new AbortController();
  readonly #computing = new Gate(AT_ONCE);
  readonly #large = new Gate(AT_ONCE);
  readonly #programs = new Map<string, Uint8Array>();
  /** By lease. */
  readonly #running = new Map<number, Promise<void>>();
  readonly #forget: () => void;
  #pumping: Promise<void> | null = null;
  #again = false;
  #timers: NodeJS.Timeout[] = [];

  /** @param regenerate how a block is made; other than with the release's WebAssembly only where nothing else is meant */
  constructor(project: Project, regenerate = regenerateBlock) {
    this.#project = project;
    this.#regenerate = regenerate;
    this.#forget = project.db.onNews((topic) => {
      if (topic === 'checks') this.poke();
    });
  }

  /** Takes up what a predecessor left. */
  async start(): Promise<void> {
    const { db, now } = this.#project;
    if (!db.isShared) await db.transaction((tx) => tx.query(sql.FREE_CHECKS, [now().toISOString()]));
    this.poke();
    // Some are due later: those made again, those of results that no second host computed, those of a server that died.
    this.#timers = [setInterval(() => this.poke(), AGAIN_MS), setInterval(() => this.#keep(), KEEP_MS)];
  }

  poke(): void {
    if (this.#closing.signal.aborted) return;
    this.#again = true;
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = null;
      if (this.#again && this.#running.size < IN_HAND) this.poke();
    });
  }

  /** Resolves when no check is due or under way. */
  async idle(): Promise<void> {
    while (this.#pumping || this.#running.size > 0) {
      await this.#pumping;
      await Promise.all(this.#running.values());
    }
  }

  /** Checks under way are given up; they are made again at the next start. */
  async close(): Promise<void> {
    this.#forget();
    this.#closing.abort();
    for (const timer of this.#timers) clearInterval(timer);
    await this.#pumping;
    await Promise.all(this.#running.values());
  }

  #keep(): void {
    const { db, log, now } = this.#project;
    if (this.#running.size === 0) return;
    const until = new Date(now().getTime() + CLAIM_MS).toISOString();
    db.transaction((tx) => tx.query(sql.KEEP_CHECKS, [[...this.#running.keys()], until])).catch(
      (error: unknown) =>
        log.error({ err: error }, 'could not keep spot checks; another server may take them too'),
    );
  }

  async #pump(): Promise<void> {
    const { db, log } = this.#project;
    while (this.#again && !this.#closing.signal.aborted && this.#running.size < IN_HAND) {
      this.#again = false;
      try {
        const now = this.#project.now();
        const until = new Date(now.getTime() + CLAIM_MS);
        const room = IN_HAND - this.#running.size;
        const claimed = await db.transaction((tx) =>
          tx.query<Claim>(sql.CLAIM_CHECKS, [now.toISOString(), until.toISOString(), room]),
        );
        if (claimed.length > 0) await this.#begin(claimed);
      } catch (error) {
        log.error({ err: error }, 'could not take up spot checks');
      }
    }
  }

  async #begin(claimed: readonly Claim[]): Promise<void> {
    const { db } = this.#project;
    const leases = claimed.map((claim) => claim.lease_id);
    const rows = await db.query<sql.CheckedResultRow>(sql.CHECKED_RESULTS, [leases]);
    const results = new Map(rows.map((row) => [row.lease_id, row]));
    const decided = leases.filter((id) => !results.has(id));
    if (decided.length > 0) await db.transaction((tx) => tx.query(sql.DROP_CHECKS, [decided]));
    for (const claim of claimed) {
      const result = results.get(claim.lease_id);
      if (result) this.#run(result, claim);
    }
  }

  #run(result: sql.CheckedResultRow, claim: Claim): void {
    const run = this.#check(result, claim).finally(() => {
      this.#running.delete(claim.lease_id);
      if (!this.#closing.signal.aborted && this.#running.size <= IN_HAND / 2) this.poke();
    });
    this.#running.set(claim.lease_id, run);
  }

  async #check(result: sql.CheckedResultRow, { lease_id: leaseId, attempts, whole }: Claim): Promise<void> {
    const { db, log, now } = this.#project;
    try {
      const judge = () => this.#judge(result, attempts, whole);
      const isLarge = result.files.some((file) => file.path === BLOCKS && file.bytes > LARGE_BYTES);
      const judgement = await (isLarge ? this.#large.pass(judge) : judge());
      await this.#project.records.do(judgement);
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      log.error({ err: error, leaseId, attempts }, 'spot check failed; it is made again');
      const again = new Date(now().getTime() + AGAIN_MS * attempts);
      await db
        .transaction((tx) => tx.query(sql.POSTPONE_CHECK, [leaseId, again.toISOString()]))
        .catch((cause: unknown) => log.error({ err: cause }, 'could not postpone a spot check'));
    }
  }

  async #judge(result: sql.CheckedResultRow, attempts: number, whole: boolean): Promise<Judgement> {
    this.#closing.signal.throwIfAborted();
    const { objects, releases } = this.#project;
    const { signal } = this.#closing;
    const release = await releases.get(result.release_id);
    const card = cardOf(result, result.spec);
    const refuted = new Map<number, string>();
    const common = { kind: 'checked', leaseId: result.lease_id, unitId: result.unit_id, refuted } as const;
    let bytes: Buffer;
    try {
      bytes = await blocksBytes(objects, result.files);
    } catch (error) {
      if (!(error instanceof ObjectDamaged || error instanceof BlocksInvalid)) throw error;
      const fault = 'the output was damaged at the project; it is computed again';
      return { ...common, fault, isProven: false, share: 0, sums: null };
    }
    const sums = sumBlocks(bytes, card, release.histograms);
    const wasm = await this.#program(release);
    const inputs = await this.#inputs(card);
    const lines = blockLines(bytes.toString('utf8'));
    const others = await this.#linesOfOthers(result);
    const { validation } = result.spec;
    const fraction = whole ? 1 : 'spot' in validation ? validation.spot : 'adaptive' in validation ? 0 : 1;
    const chosen = new Set(chooseBlocks(lines.length, fraction, randomInt));
    // Where two do not say the same, a block in which they differ tells who is wrong.
    for (const other of others.values()) {
      const index = differingBlock(lines, other, randomInt);
      if (index !== null) chosen.add(index);
    }
    const share = chosen.size / lines.length;
    for (const index of chosen) {
      let line: string;
      try {
        line = await this.#computing.pass(() => {
          signal.throwIfAborted();
          return this.#regenerate(wasm, release, cardOfBlock(card, index), signal, inputs);
        });
      } catch (error) {
        if (!(error instanceof CheckFailed) || attempts < TRIES || signal.aborted) throw error;
        const fault = `the project cannot compute block ${index + 1} itself: ${error.message}`;
        return { ...common, fault, isProven: false, share: 0, sums };
      }
      const fault = `block ${index + 1} differs from what the project computes itself`;
      for (const [leaseId, other] of others) if (other[index] !== line) refuted.set(leaseId, fault);
      if (line !== lines[index]) return { ...common, fault, isProven: true, share, sums };
    }
    return { ...common, fault: null, isProven: false, share, sums };
  }

  async #program(release: Release): Promise<Uint8Array> {
    const program = release.programs['wasm32-wasi'];
    const known = program && this.#programs.get(program.sha256);
    if (known) return known;
    const wasm = program && (await this.#project.objects.read(program.sha256));
    if (!wasm) throw new CheckFailed('the WebAssembly program of the release is not here; publish it again');
    if (this.#programs.size >= PROGRAMS) this.#programs.clear();
    this.#programs.set(program.sha256, wasm);
    return wasm;
  }

  async #inputs({ inputs = [] }: Card): Promise<Map<string, Uint8Array>> {
    const found = new Map<string, Uint8Array>();
    for (const { path, sha256 } of inputs) {
      const bytes = await this.#project.objects.read(sha256);
      if (!bytes) throw new CheckFailed(`the input ${path} of the work unit is not here any more`);
      found.set(path, bytes);
    }
    return found;
  }

  /** Of results of the same unit that say otherwise; those the project has lost say nothing. */
  async #linesOfOthers({ others }: sql.CheckedResultRow): Promise<Map<number, string[]>> {
    const lines = new Map<number, string[]>();
    for (const { lease_id, files } of others) {
      try {
        const bytes = await blocksBytes(this.#project.objects, files);
        lines.set(lease_id, blockLines(bytes.toString('utf8')));
      } catch (error) {
        if (!(error instanceof ObjectDamaged || error instanceof BlocksInvalid)) throw error;
      }
    }
    return lines;
  }
}
