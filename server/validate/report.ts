import { inflate } from '../../platform/deflate.ts';
import { sha256 } from '../../platform/files.ts';
import { outputHash } from '../../platform/output-hash.ts';
import type { OutputFile } from '../../protocol/primitives.ts';
import {
  MAX_INLINE_BYTES,
  type ReportedFile,
  type ResultReport,
  type ResultVerdict,
} from '../../protocol/project-api.ts';
import type { Release } from '../../protocol/release.ts';
import { BLOCKS } from '../../protocol/work-unit.ts';
import type { Batcher } from '../dispatch/batcher.ts';
import { cardOf } from '../dispatch/lease.ts';
import { ApiFailure } from '../errors.ts';
import { Gate } from '../gate.ts';
import { readId, showId } from '../ids.ts';
import { ObjectDamaged } from '../objects/errors.ts';
import type { Objects } from '../objects/objects.ts';
import type { Entry } from '../objects/packs.ts';
import type { Uploads } from '../objects/uploads.ts';
import type { Releases } from '../releases.ts';
import type { Database } from '../store/database.ts';
import { BlocksInvalid, type Sums, sumBlocks } from './blocks.ts';
import {
  checkOutputs,
  type DeclaredOutputs,
  type FilesResult,
  type Leader,
  leaderOf,
  NO_SUMS,
} from './outputs.ts';
import { type ContextRow, LEADERS } from './queries.ts';
import { type Agreement, type Arrival, COMPARE_AGAIN, type Judgement, type Verdict } from './record.ts';

export interface ReportParts {
  readonly db: Database;
  readonly objects: Objects;
  readonly uploads: Uploads;
  readonly releases: Releases;
  readonly contexts: Batcher<number, ContextRow | null>;
  readonly records: Batcher<Arrival | Judgement, Verdict | typeof COMPARE_AGAIN | null>;
}

/**
 * Takes a host's report. All that needs no lock is checked first; then the verdict is written together with
 * others'. Reporting the same lease again gives the verdict it has by now.
 * @throws ApiFailure where the host can mend it (upload what is missing), or must not report this lease
 */
export async function takeReport(
  parts: ReportParts,
  hostId: number,
  report: ResultReport,
): Promise<ResultVerdict> {
  const leaseId = readId('l', report.lease);
  const context = leaseId === null ? null : await parts.contexts.do(leaseId);
  if (!context) throw unknownLease(report.lease);
  if (context.host_id !== hostId) {
    throw new ApiFailure(403, 'not-your-lease', `lease ${report.lease} is another host's; drop it`, {
      place: 'lease',
    });
  }
  if (context.state !== null) {
    return showVerdict({
      lease_id: context.lease_id,
      state: context.state,
      reason: context.reason,
      credit_microseconds: context.credit_microseconds ?? 0,
    });
  }
  const { capsule, seconds } = report;
  for (;;) {
    const outcome = await outcomeOf(parts, report, context);
    const arrival: Arrival = {
      kind: 'report',
      leaseId: context.lease_id,
      unitId: context.unit_id,
      hostId,
      capsule,
      seconds,
      outcome,
    };
    const verdict = await parts.records.do(arrival);
    if (verdict === COMPARE_AGAIN) continue;
    if (!verdict) throw unknownLease(report.lease);
    if (outcome.kind !== 'failed') await parts.objects.named(outcome.files.map((file) => file.sha256));
    return showVerdict(verdict);
  }
}

function unknownLease(lease: string): ApiFailure {
  return new ApiFailure(
    404,
    'unknown-lease',
    `the project does not know lease ${lease} (given back, or forgotten long after its deadline); drop it`,
    { place: 'lease' },
  );
}

export function showVerdict(row: Verdict): ResultVerdict {
  return {
    lease: showId('l', row.lease_id),
    state: row.state,
    creditMicroseconds: row.credit_microseconds,
    reason: row.reason?.slice(0, 300) ?? null,
  };
}

async function outcomeOf(
  parts: ReportParts,
  { outcome }: ResultReport,
  context: ContextRow,
): Promise<Arrival['outcome']> {
  if (outcome.state === 'failed') {
    const { reason, exitStatus, consoleTail } = outcome;
    return { kind: 'failed', reason: `the program failed: ${reason}`, exitStatus, consoleTail };
  }
  checkManifest(outcome.files, outcome.outputHash);
  const contents = contentsOf(outcome.files);
  const files = outcome.files.map(({ path, sha256, bytes }) => ({ path, sha256, bytes }));
  await takeUploads(parts, files, contents, context.host_id);
  const release = await parts.releases.get(context.release_id);
  const common = { outputHash: outcome.outputHash, files, contents: [...contents.values()] };
  try {
    if (release.outputs) {
      checkSize(files, release);
      checkOutputs(files, release.outputs);
      const result = { outputHash: outcome.outputHash, files, contents };
      const agreement = await agreementOf(parts, result, context, release.outputs);
      return { kind: 'finished', ...common, sums: NO_SUMS, agreement };
    }
    const sums = await sumsOfOutput(parts.objects, files, contents, context, release);
    return { kind: 'finished', ...common, sums, agreement: null };
  } catch (error) {
    if (error instanceof BlocksInvalid) return { kind: 'unusable', ...common, reason: error.message };
    throw error;
  }
}

/** What is wrong here and below the host can mend: it sends the manifest anew, or the bytes. */
function checkManifest(files: readonly OutputFile[], hash: string): void {
  const paths = new Set(files.map((file) => file.path));
  if (paths.size < files.length) {
    throw new ApiFailure(422, 'manifest-invalid', 'a path is listed twice; list each output file once', {
      place: 'outcome.files',
    });
  }
  const actual = outputHash(files);
  if (actual === hash) return;
  throw new ApiFailure(
    422,
    'manifest-invalid',
    `the manifest hashes to ${actual}, not to the outputHash given`,
    { place: 'outcome.outputHash' },
  );
}

/** The files that came with the report, by hash. */
function contentsOf(files: readonly ReportedFile[]): Map<string, Entry> {
  const contents = new Map<string, Entry>();
  // What is announced, before anything is unpacked.
  const total = files.reduce((sum, file) => sum + (file.data === undefined ? 0 : file.bytes), 0);
  if (total > MAX_INLINE_BYTES) {
    throw new ApiFailure(
      422,
      'too-large',
      `${total} bytes came with the report; upload what is beyond ${MAX_INLINE_BYTES}`,
      { place: 'outcome.files' },
    );
  }
  for (const [i, file] of files.entries()) {
    if (file.data === undefined) continue;
    const came = Buffer.from(file.data, 'base64');
    const content = file.deflated ? inflated(came, file, i) : came;
    const actual = sha256(content);
    if (actual !== file.sha256 || content.length !== file.bytes) {
      throw new ApiFailure(
        422,
        'hash-mismatch',
        `"${file.path}" came with ${content.length} bytes of SHA-256 ${actual}, not ${file.bytes} of ${file.sha256}; send the right bytes`,
        { place: `outcome.files[${i}].data` },
      );
    }
    contents.set(actual, { sha256: actual, content, deflated: file.deflated ? came : null });
  }
  return contents;
}

function inflated(came: Buffer, { path, bytes }: ReportedFile, i: number): Buffer {
  try {
    return inflate(came, bytes);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ApiFailure(
      422,
      'hash-mismatch',
      `"${path}" came compressed and can not be unpacked to its ${bytes} bytes (${why}); send the right bytes`,
      { place: `outcome.files[${i}].data`, cause },
    );
  }
}

/** Sees that all other files are there, and makes objects of this host's uploads among them. */
async function takeUploads(
  { objects, uploads }: ReportParts,
  files: readonly OutputFile[],
  contents: ReadonlyMap<string, Entry>,
  hostId: number,
): Promise<void> {
  const hashes = files.map((file) => file.sha256).filter((hash) => !contents.has(hash));
  if (hashes.length === 0) return;
  const here = new Map([...(await objects.sizes(hashes)), ...(await uploads.whole(hostId, hashes))]);
  files.forEach((file, i) => {
    const bytes = contents.get(file.sha256)?.content.length ?? here.get(file.sha256);
    if (bytes === undefined) {
      throw new ApiFailure(
        422,
        'file-missing',
        `"${file.path}" has not been uploaded; upload it, then report`,
        { place: `outcome.files[${i}]` },
      );
    }
    if (bytes !== file.bytes) {
      throw new ApiFailure(422, 'manifest-invalid', `"${file.path}" has ${bytes} bytes, not ${file.bytes}`, {
        place: `outcome.files[${i}].bytes`,
      });
    }
  });
  await uploads.take(hostId, hashes);
}

/** @returns null where the campaign compares by hash */
async function agreementOf(
  { db, objects }: ReportParts,
  result: FilesResult,
  { unit_id, spec }: ContextRow,
  declared: DeclaredOutputs,
): Promise<Agreement | null> {
  if (!('tolerance' in spec.validation)) return null;
  const leaders = await db.query<Leader>(LEADERS, [unit_id]);
  return {
    leader: await leaderOf(objects, result, leaders, declared),
    compared: new Set(leaders.map((leader) => leader.output_hash)),
  };
}

function checkSize(files: readonly OutputFile[], release: Release): void {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes <= release.limits.outputBytes) return;
  throw new BlocksInvalid(`the output has ${bytes} bytes, the release allows ${release.limits.outputBytes}`);
}

/**
 * Reads and adds up a result's blocks.
 * @throws BlocksInvalid where the output is not what the card and the release ask for
 */
async function sumsOfOutput(
  objects: Objects,
  files: readonly OutputFile[],
  contents: ReadonlyMap<string, Entry>,
  context: Pick<ContextRow, 'point_index' | 'first_event' | 'events' | 'parameters' | 'spec'>,
  release: Release,
): Promise<Sums> {
  checkSize(files, release);
  const came = contents.get(files.find((file) => file.path === BLOCKS)?.sha256 ?? '');
  const sum = (bytes: Buffer) => sumBlocks(bytes, cardOf(context, context.spec), release.histograms);
  try {
    if (came) return sum(came.content);
    return await largeBlocks.pass(async () => sum(await blocksBytes(objects, files)));
  } catch (error) {
    if (error instanceof BlocksInvalid) {
      throw new BlocksInvalid(`${BLOCKS} ${error.message}`, { cause: error });
    }
    throw error;
  }
}

/** Blocks that did not go with their report may have many megabytes each. */
const largeBlocks = new Gate(2);

/** A file of blocks beyond this is refused: it is read as a whole. */
const MAX_BLOCKS_BYTES = 64e6;

export async function blocksBytes(objects: Objects, files: readonly OutputFile[]): Promise<Buffer> {
  const file = files.find((one) => one.path === BLOCKS);
  if (!file) throw new BlocksInvalid(`the output has no ${BLOCKS}`);
  if (file.bytes > MAX_BLOCKS_BYTES) {
    throw new BlocksInvalid(`${BLOCKS} has ${file.bytes} bytes, more than ${MAX_BLOCKS_BYTES}`);
  }
  const bytes = await objects.read(file.sha256);
  if (!bytes) throw new ObjectDamaged(file.sha256);
  return bytes;
}
