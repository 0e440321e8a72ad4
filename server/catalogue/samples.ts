import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { SamplePage, SampleQuery } from '../../protocol/catalogue.ts';
import { agreeingHosts } from '../dispatch/lease.ts';
import { ApiFailure } from '../errors.ts';
import { readId, showId } from '../ids.ts';
import { ObjectDamaged } from '../objects/errors.ts';
import type { Objects } from '../objects/objects.ts';
import type { Releases } from '../releases.ts';
import { batch, type Database } from '../store/database.ts';
import { isHepmc, joinHepmc } from './hepmc.ts';
import * as sql from './queries.ts';

/** What units have kept for people, by point. */
export async function samples(db: Database, releases: Releases, query: SampleQuery): Promise<SamplePage> {
  const { text = null, application = null, campaign = null, limit } = query;
  const [id = Number.MAX_SAFE_INTEGER, index = 0] = query.after?.split('.').map(Number) ?? [];
  const wishes = batch(wishesOf(query.where));
  const rows = await db.query<sql.SampleRow>(sql.SAMPLES, [
    ...[text, application, campaign, wishes],
    ...[id, index, limit + 1],
  ]);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    samples: await Promise.all(
      page.map(async (row) => {
        const { spec, parameters } = row;
        const release = await releases.get(row.release_id);
        return {
          campaign: spec.name,
          title: spec.title,
          application: spec.application,
          version: spec.version,
          licence: release.licence,
          point: row.index,
          parameters,
          files: row.files
            .filter(({ path }) => release.samples.includes(path))
            .map(({ path, bytes }) => ({ path, bytes })),
          unitsValid: row.units_valid,
          compared: 'quorum' in spec.validation && agreeingHosts(spec.validation) > 1,
        };
      }),
    ),
    next: rows.length > page.length && last ? `${last.campaign_id}.${last.index}` : null,
  };
}

interface Wish {
  readonly name: string;
  readonly low: number | null;
  readonly high: number | null;
  readonly value: string;
}

/** "energyGeV:88..92,mode:fast" */
function wishesOf(where: string | undefined): Wish[] {
  return (where?.split(',') ?? []).map((one) => {
    const [name = '', value = ''] = one.split(':');
    const [low = '', high = low] = value.split('..');
    const isRange = [low, high].every((end) => end.trim() !== '' && Number.isFinite(Number(end)));
    return { name, low: isRange ? Number(low) : null, high: isRange ? Number(high) : null, value };
  });
}

/** Units looked up at a time. */
const AT_ONCE = 200;

/** The kept events of a point, in their order. @throws ApiFailure 404 */
export async function pointSample(
  db: Database,
  objects: Objects,
  campaign: { readonly id: number; readonly name: string },
  point: number,
  file: string,
): Promise<AsyncIterable<Uint8Array>> {
  async function* hashes() {
    for (let beyond = -1; ; ) {
      const rows = await db.query<sql.KeptRow>(sql.KEPT_OF_POINT, [
        file,
        campaign.id,
        point,
        beyond,
        AT_ONCE,
      ]);
      for (const { sha256 } of rows) if (sha256 !== null) yield sha256;
      if (rows.length < AT_ONCE) return;
      beyond = rows.at(-1)?.first_event ?? 0;
    }
  }
  return events(objects, hashes(), `point ${point} of campaign "${campaign.name}"`, file);
}

/** The same of a work unit ("u523") or of a result of it ("l991"). @throws ApiFailure 404 */
export async function unitSample(
  db: Database,
  objects: Objects,
  id: string,
  file: string,
): Promise<AsyncIterable<Uint8Array>> {
  const [unitId, leaseId] = [readId('u', id), readId('l', id)];
  const [row] =
    unitId === null && leaseId === null
      ? []
      : await db.query<sql.KeptRow>(sql.KEPT_OF_UNIT, [file, unitId, leaseId]);
  if (!row) throw new ApiFailure(404, 'no-such-result', `there is no merged work unit or result "${id}"`);
  async function* hashes(sha256: string | null) {
    if (sha256 !== null) yield sha256;
  }
  return events(objects, hashes(row.sha256), `work unit ${showId('u', row.unit_id)}`, file);
}

/** What is wrong with the first file is said at once; with a later one, the answer breaks off. */
async function events(
  objects: Objects,
  hashes: AsyncGenerator<string>,
  of: string,
  file: string,
): Promise<AsyncIterable<Uint8Array>> {
  const first = await hashes.next();
  if (first.done) throw new ApiFailure(404, 'no-such-sample', `${of} has no file "${file}"; see /samples`);
  const head = await objects.stream(first.value, 0, 63);
  const [start = new Uint8Array()] = head ? await Readable.from(chunksOf(head)).toArray() : [];
  if (!isHepmc(start))
    throw new ApiFailure(
      409,
      'not-hepmc',
      `"${file}" of ${of} is not in HepMC3's ASCII format; see its units`,
    );
  async function* files() {
    yield contentOf(objects, first.value);
    for await (const sha256 of hashes) yield contentOf(objects, sha256);
  }
  return joinHepmc(files());
}

async function* contentOf(objects: Objects, sha256: string): AsyncGenerator<Uint8Array> {
  const bytes = await objects.size(sha256);
  const content = bytes === null ? null : await objects.stream(sha256, 0, bytes - 1);
  if (!content) throw new ObjectDamaged(sha256);
  yield* chunksOf(content);
}

async function* chunksOf(content: ReadableStream | Uint8Array): AsyncGenerator<Uint8Array> {
  if (content instanceof Uint8Array) yield content;
  else for await (const chunk of content) yield chunk;
}

/** An answer of bytes as they come; compressed, a file that programs for events read as it is. */
export function sampleAnswer(content: AsyncIterable<Uint8Array>, name: string, isGzip: boolean): Response {
  const plain = Readable.from(content, { objectMode: false });
  const sent = isGzip ? plain.compose(createGzip()) : plain;
  return new Response(Readable.toWeb(sent) as ReadableStream, {
    headers: {
      'content-type': isGzip ? 'application/gzip' : 'text/plain; charset=us-ascii',
      'content-disposition': `attachment; filename="${name}.hepmc3${isGzip ? '.gz' : ''}"`,
      'cache-control': 'no-store',
    },
  });
}
