import { rounded } from '../../platform/sampling/range.ts';
import { samplePoints as sample } from '../../platform/sampling/sample.ts';
import { CampaignSpec } from '../../protocol/campaign.ts';
import type { HistogramAxis } from '../../protocol/release.ts';
import { checkOf, sumsOf } from './check.ts';
import type { Tune, TuneRequest } from './document.ts';
import { type DataBin, fitParameters, predicted } from './fit.ts';
import { binsOf, type Observable } from './observables.ts';
import { termsFor } from './response.ts';
import { fromUnit, type Point, type Range, toUnit } from './space.ts';

/** One point of a campaign, computed: here or by volunteers. */
export interface Computed {
  readonly seed: number;
  readonly events: number;
  readonly histograms: Readonly<Record<string, readonly number[]>>;
}

/** What a tune works with, read and checked. */
export interface TuneInput {
  readonly request: TuneRequest;
  readonly application: string;
  readonly version: string;
  readonly axes: readonly HistogramAxis[];
  readonly observables: readonly Observable[];
  /** What the release does where nothing is said. */
  readonly defaults: Point;
  readonly programs: Readonly<Record<string, string>>;
  /** SHA-256 of a value as JSON with sorted keys. */
  hash(value: unknown): string;
  /** Computes all points of a campaign, in their order. */
  compute(spec: CampaignSpec): Promise<readonly Computed[]>;
}

export const rangesOf = ({ ranges }: TuneRequest): Range[] =>
  Object.entries(ranges).map(([name, [low, high]]) => ({ name, low, high }));

export function samplePoints(request: TuneRequest): Point[] {
  return sample({ method: 'sobol', points: request.samples, seed: 0 }, rangesOf(request));
}

export function campaignOf(
  { request, application, version }: Pick<TuneInput, 'request' | 'application' | 'version'>,
  stage: 'samples' | 'check',
  points: readonly Point[],
  firstSeed: number,
): CampaignSpec {
  const { name, title, parameters, eventsPerUnit, blockEvents, validation } = request;
  return CampaignSpec.parse({
    kind: 'campaign',
    name: `${name}-${stage}`,
    title: `${title}: ${stage}`,
    ...{ application, version, parameters, points, eventsPerUnit, blockEvents },
    events: stage === 'samples' ? request.events : request.checkEvents,
    seed: firstSeed,
    ...(validation && { validation }),
  });
}

/** The whole way from a request to its tune. @throws TooFewSamples, NotComparable, and what compute() does */
export async function tune(input: TuneInput): Promise<Tune> {
  const { request, axes, observables, defaults, hash } = input;
  const ranges = rangesOf(request);
  const points = samplePoints(request);
  // Told before hours of computing, not after.
  termsFor(ranges.length, request.order, points.length);
  const computed = await input.compute(campaignOf(input, 'samples', points, request.seed));
  const measure = ({ histograms }: Computed) =>
    observables.map(({ measured }) => binsOf({ axes, histograms }, measured));
  const sampled = computed.map(measure);

  const bins: DataBin[] = (sampled[0] ?? []).flatMap((compared, i) =>
    compared.map(({ model: _, modelError: __, ...data }) => ({ data, weight: observables[i]?.weight ?? 0 })),
  );
  const samples = computed.map(({ events }, i) => ({
    x: toUnit(ranges, points[i] ?? {}),
    events,
    values: (sampled[i] ?? []).flat().map(({ model, modelError }) => ({ value: model, error: modelError })),
  }));
  const start = toUnit(ranges, defaults);
  const found = fitParameters(samples, bins, request.order, start);
  const { minimum, responses } = found;
  const sigmas = ranges.map(
    ({ low, high }, i) => (Math.sqrt(found.covariance[i]?.[i] ?? 0) * (high - low)) / 2,
  );
  const exact = fromUnit(ranges, minimum.x);
  const parameters = Object.fromEntries(
    ranges.map(({ name }, i) => [name, rounded(exact[name] ?? 0, sigmas[i] ?? 1)]),
  );

  // Events of their own: seeds beyond all of the samples.
  const checkPoints = [defaults, parameters];
  const check = await input.compute(campaignOf(input, 'check', checkPoints, request.seed + points.length));
  const [atDefault = [], atTuned = []] = check.map(measure);
  const said = predicted(found, bins, toUnit(ranges, parameters));
  const checks = checkOf(observables, { atDefault, atTuned, said, leftOut: responses.leftOut });
  const [fitted, heldOut] = [sumsOf(checks, 'fitted'), sumsOf(checks, 'held out')];
  const scales = ranges.map(({ low, high }) => (high - low) / 2);
  const named = (x: readonly number[]) => Object.fromEntries(ranges.map(({ name }, i) => [name, x[i] ?? 0]));
  const provenanceOf = (all: readonly Computed[], at: readonly Point[]) =>
    all.map(({ seed, events, histograms }, i) => ({
      parameters: { ...at[i] },
      seed,
      events,
      histograms: hash(histograms),
    }));

  return {
    kind: 'tuned',
    name: request.name,
    title: request.title,
    parameters,
    errors: named(sigmas),
    defaults: { ...defaults },
    atEdge: ranges.filter((_, i) => minimum.atEdge[i]).map(({ name }) => name),
    names: ranges.map(({ name }) => name),
    covariance: found.covariance.map((row, i) =>
      row.map((value, k) => value * (scales[i] ?? 1) * (scales[k] ?? 1)),
    ),
    correlations: found.correlations.map((row) => [...row]),
    sensitivities: named(found.sensitivities),
    fit: {
      order: request.order,
      coefficients: responses.terms,
      samples: samples.length,
      chi2: minimum.chi2,
      chi2AtDefaults: start.every((x) => Math.abs(x) <= 1) ? found.chi2At(start) : null,
      bins: bins.filter(({ weight }) => weight > 0).length,
      converged: minimum.converged,
      scale: found.scale,
    },
    eigentunes: found.eigentunes.map(({ sigma, direction }) => {
      const along = (n: number) => minimum.x.map((x, i) => x + n * sigma * (direction[i] ?? 0));
      const [minus, plus] = [along(-1), along(1)];
      return {
        sigma,
        direction: named(direction),
        minus: { ...fromUnit(ranges, minus) },
        plus: { ...fromUnit(ranges, plus) },
        inside: [...minus, ...plus].every((x) => Math.abs(x) <= 1),
      };
    }),
    observables: checks,
    fitted,
    heldOut,
    atLeastAsGood: fitted.tuned.chi2 <= fitted.default.chi2 && heldOut.tuned.chi2 <= heldOut.default.chi2,
    provenance: {
      request,
      application: input.application,
      version: input.version,
      programs: { ...input.programs },
      data: Object.fromEntries(
        observables.map(({ measured }) => [measured.reference.id, hash(measured.reference)]),
      ),
      samples: provenanceOf(computed, points),
      check: provenanceOf(check, checkPoints),
    },
  };
}
