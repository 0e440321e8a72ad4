import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { TuneRequest } from '../../physics/tune/document.ts';
import { choose, type Measured, NoSuchObservable } from '../../physics/tune/observables.ts';
import { rangesOf, type TuneInput } from '../../physics/tune/tune.ts';
import { sha256 } from '../../platform/files.ts';
import { ReferenceFigure } from '../../protocol/reference.ts';
import type { HistogramAxis } from '../../protocol/release.ts';
import { canonicalJson } from '../../server/canonical.ts';
import { RefusedError } from '../errors.ts';
import { type ReleaseDocument, readAs, readDocument } from '../push/documents.ts';
import { missing, readFileText, readTables, shorter } from '../push/files.ts';
import { type DocumentText, readText } from '../push/text.ts';

/** A request with all it names, but for how the samples are computed. */
export interface ReadRequest extends Omit<TuneInput, 'compute'> {
  readonly releaseFile: string;
  readonly release: z.infer<typeof ReleaseDocument>;
  /** Platform -> where the program lies; only those that are built. */
  readonly programFiles: Readonly<Record<string, string>>;
}

const Properties = z.looseObject({
  properties: z.record(z.string(), z.looseObject({ default: z.unknown().optional() })).default({}),
});

/** @throws RefusedError as FILE:LINE: MESSAGE */
export async function readRequest(file: string): Promise<ReadRequest> {
  const text = readText(shorter(file), await readFileText(file));
  const request = readAs(text, TuneRequest);
  const releaseFile = resolve(dirname(file), request.release);
  const releaseText = readText(shorter(releaseFile), await readFileText(releaseFile));
  const release = readDocument(releaseText);
  if (release.kind !== 'release' || !('programs' in release))
    throw new RefusedError(`${text.at(['release'])}: ${request.release} is no release document`);

  const tables = await readTables(releaseFile, releaseText, release.references ?? []);
  const figures =
    request.figures === undefined ? [] : await readFigures(resolve(dirname(file), request.figures));
  const all: Measured[] = [
    ...tables.map((reference) => ({ kind: 'table', reference }) as const),
    ...figures.map((reference) => ({ kind: 'figure', reference }) as const),
  ];
  const programFiles: Record<string, string> = {};
  const programs: Record<string, string> = {};
  for (const [platform, path] of Object.entries(release.programs)) {
    const full = resolve(dirname(releaseFile), path);
    const data = await readFile(full).catch(missing);
    if (data === null) continue;
    programFiles[platform] = full;
    programs[platform] = sha256(data);
  }
  return {
    request,
    application: release.application,
    version: release.version,
    axes: release.histograms,
    observables: observables(text, request, all, release.histograms),
    defaults: defaults(text, request, release.parameters),
    programs,
    hash: (value) => sha256(canonicalJson(value)),
    releaseFile,
    release,
    programFiles,
  };
}

async function readFigures(file: string): Promise<ReferenceFigure[]> {
  return readAs(readText(shorter(file), await readFileText(file)), z.array(ReferenceFigure));
}

function observables(
  text: DocumentText,
  request: TuneRequest,
  all: readonly Measured[],
  axes: readonly HistogramAxis[],
) {
  try {
    return choose(request, all, axes);
  } catch (error) {
    if (!(error instanceof NoSuchObservable)) throw error;
    throw new RefusedError(`${text.at(error.path)}: ${error.message}`, { cause: error });
  }
}

/** What is tuned has a default, for that is what the result is compared with. */
function defaults(text: DocumentText, request: TuneRequest, schema: unknown) {
  const { properties } = Properties.parse(schema);
  return Object.fromEntries(
    rangesOf(request).map(({ name }) => {
      const value = properties[name]?.default;
      if (typeof value !== 'number')
        throw new RefusedError(
          `${text.at(['ranges', name])}: the release has no parameter "${name}" with a number as its default`,
        );
      return [name, value];
    }),
  );
}
