import type { ErrorObject, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Range } from '../../platform/sampling/range.ts';
import { samplePoints } from '../../platform/sampling/sample.ts';
import { MAX_DIMENSIONS } from '../../platform/sampling/sobol.ts';
import type { CampaignSpec, Sample } from '../../protocol/campaign.ts';
import { ApiFailure } from '../errors.ts';

/** Each point has a row and is shown on one page; more belongs into several campaigns. */
export const MAX_POINTS = 10_000;

type Parameters = CampaignSpec['parameters'];

/** Where in the campaign document something stands, and why it is refused. */
export interface PointProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

const OPTIONS = { allErrors: false, strict: false, validateFormats: false, addUsedSchema: false };
/** Asked only whether something is a schema: to make that ready takes half a second, and it keeps nothing of what it is asked. */
const GRAMMAR = new Ajv2020(OPTIONS);

/**
 * A release's own schema of parameters (JSON Schema 2020-12), made ready.
 * @throws ApiFailure 422 when it is no such schema
 */
export function parameterCheck(schema: object): ValidateFunction {
  try {
    GRAMMAR.validateSchema(schema, true);
    return new Ajv2020({ ...OPTIONS, validateSchema: false }).compile(schema);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ApiFailure(422, 'release-schema', `the release's parameters are no JSON Schema: ${reason}`, {
      place: 'parameters',
      cause,
    });
  }
}

type Swept = Pick<CampaignSpec, 'sweep' | 'points' | 'sample'>;

/** How many points each listed one makes with the sampled ones and the sweep. */
function countForEachListed({ sweep, sample }: Swept): number {
  return Object.values(sweep).reduce((product, values) => product * values.length, sample?.points ?? 1);
}

/** In an order of their own: a document means the same, however its keys are sorted. */
function rangesOf({ ranges }: Sample): Range[] {
  return Object.entries(ranges)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, range]) =>
      Array.isArray(range)
        ? { name, low: range[0], high: range[1] }
        : { name, ...range, logarithmic: range.scale === 'log' },
    );
}

/** How many points there are; finite, so that it can be compared before any is made. */
export function pointCount(spec: Swept): number {
  return countForEachListed(spec) * (spec.points?.length ?? 1);
}

/**
 * Each listed point with each sampled one and the product of all swept values, over the fixed parameters; the last name in the sweep
 * varies fastest, the listed points slowest.
 */
export function points(spec: Swept & Pick<CampaignSpec, 'parameters'>): Parameters[] {
  const sampled = spec.sample ? samplePoints(spec.sample, rangesOf(spec.sample)) : [{}];
  let made: Parameters[] = (spec.points ?? [{}]).flatMap((listed) =>
    sampled.map((chosen) => ({ ...spec.parameters, ...listed, ...chosen })),
  );
  for (const [name, values] of Object.entries(spec.sweep)) {
    made = made.flatMap((point) => values.map((value) => ({ ...point, [name]: value })));
  }
  return made;
}

/** A parameter that has two values at once, or that only some of the listed points have. */
function nameProblem({ parameters, sweep, sample, points: listed = [] }: CampaignSpec): PointProblem | null {
  for (const name of Object.keys(sweep)) {
    if (Object.hasOwn(parameters, name)) {
      return { path: ['sweep', name], message: `"${name}" is both swept and fixed; keep one` };
    }
  }
  const ranges = sample?.ranges ?? {};
  for (const name of Object.keys(ranges)) {
    const path = ['sample', 'ranges', name];
    if (Object.hasOwn(parameters, name))
      return { path, message: `"${name}" is both sampled and fixed; keep one` };
    if (Object.hasOwn(sweep, name)) return { path, message: `"${name}" is both sampled and swept; keep one` };
  }
  const names = Object.keys(listed[0] ?? {});
  for (const [i, point] of listed.entries()) {
    const missing = names.find((name) => !Object.hasOwn(point, name));
    if (missing !== undefined)
      return { path: ['points', i], message: `the first point has "${missing}" and this one has not` };
    for (const name of Object.keys(point)) {
      const path = ['points', i, name];
      if (!names.includes(name))
        return { path, message: `this point has "${name}" and the first one has not` };
      if (Object.hasOwn(parameters, name))
        return { path, message: `"${name}" is both listed and fixed; keep one` };
      if (Object.hasOwn(sweep, name))
        return { path, message: `"${name}" is both listed and swept; keep one` };
      if (Object.hasOwn(ranges, name))
        return { path, message: `"${name}" is both listed and sampled; keep one` };
    }
  }
  return null;
}

/** @returns the first thing that is wrong with the points, or null */
export function pointProblem(spec: CampaignSpec, check: ValidateFunction): PointProblem | null {
  const twice = nameProblem(spec);
  if (twice) return twice;
  const dimensions = Object.keys(spec.sample?.ranges ?? {}).length;
  if (spec.sample?.method === 'sobol' && dimensions > MAX_DIMENSIONS) {
    return {
      path: ['sample', 'ranges'],
      message: `Sobol's sequence is here for at most ${MAX_DIMENSIONS} parameters, not ${dimensions}; use latin-hypercube`,
    };
  }
  const count = pointCount(spec);
  if (count > MAX_POINTS) {
    return {
      path: [spec.points ? 'points' : spec.sample ? 'sample' : 'sweep'],
      message: `the campaign has ${count} points, at most ${MAX_POINTS} are possible; split the campaign`,
    };
  }
  for (const [i, point] of points(spec).entries()) {
    if (holds(check, point)) continue;
    const [error] = check.errors ?? [];
    if (error) return explain(error, point, Math.floor(i / countForEachListed(spec)), spec);
  }
  return null;
}

function isSampled({ sample }: CampaignSpec, name: string): boolean {
  return sample !== undefined && Object.hasOwn(sample.ranges, name);
}

/** @throws ApiFailure 422 where the schema refers to itself for ever (allOf: a of b, b of a) */
function holds(check: ValidateFunction, point: Parameters): boolean {
  try {
    return check(point);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new ApiFailure(
      422,
      'release-schema',
      "the release's schema of parameters refers to itself without end; push a release with another one",
      { place: 'parameters', cause },
    );
  }
}

/** @param index of the listed point it was made from */
function explain(error: ErrorObject, point: Parameters, index: number, spec: CampaignSpec): PointProblem {
  const listed = spec.points?.[index] ?? {};
  const [name, ...rest] = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const details = error.params as Record<string, unknown>;
  if (name === undefined) {
    const extra = details.additionalProperty;
    if (typeof extra === 'string') {
      const message = `the application has no parameter "${extra}"`;
      if (Object.hasOwn(listed, extra)) return { path: ['points', index, extra], message };
      if (isSampled(spec, extra)) return { path: ['sample', 'ranges', extra], message };
      return { path: [Object.hasOwn(spec.sweep, extra) ? 'sweep' : 'parameters', extra], message };
    }
    const missing = details.missingProperty;
    return {
      path: ['parameters'],
      message:
        typeof missing === 'string'
          ? `the application needs the parameter "${missing}"`
          : `these parameters do not fit together: ${error.message ?? error.keyword}`,
    };
  }
  const inner = rest.map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  const allowed = Array.isArray(details.allowedValues)
    ? ` (${details.allowedValues.map((value) => JSON.stringify(value)).join(', ')})`
    : '';
  const value = JSON.stringify(point[name]);
  const message = `${name}: ${error.message ?? error.keyword}${allowed}, not ${value.length > 60 ? `${value.slice(0, 60)}...` : value}`;
  if (Object.hasOwn(listed, name)) return { path: ['points', index, name, ...inner], message };
  if (isSampled(spec, name)) return { path: ['sample', 'ranges', name], message };
  const swept = Object.hasOwn(spec.sweep, name) ? spec.sweep[name] : undefined;
  if (swept) {
    const index = swept.findIndex((one) => JSON.stringify(one) === value);
    return { path: ['sweep', name, Math.max(0, index), ...inner], message };
  }
  return { path: ['parameters', name, ...inner], message };
}
