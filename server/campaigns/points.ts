import type { ErrorObject, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { CampaignSpec } from '../../protocol/campaign.ts';
import { ApiFailure } from '../errors.ts';

/** Each point has a row and is shown on one page; more belongs into several campaigns. */
export const MAX_POINTS = 10_000;

type Parameters = CampaignSpec['parameters'];

/** Where in the campaign document something stands, and why it is refused. */
export interface PointProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/**
 * A release's own schema of parameters (JSON Schema 2020-12), made ready.
 * @throws ApiFailure 422 when it is no such schema
 */
export function parameterCheck(schema: object): ValidateFunction {
  const ajv = new Ajv2020({ allErrors: false, strict: false, validateFormats: false, addUsedSchema: false });
  try {
    return ajv.compile(schema);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ApiFailure(422, 'release-schema', `the release's parameters are no JSON Schema: ${reason}`, {
      place: 'parameters',
      cause,
    });
  }
}

/** How many points the sweep makes; finite, so that it can be compared before any is made. */
export function pointCount(spec: Pick<CampaignSpec, 'sweep'>): number {
  return Object.values(spec.sweep).reduce((product, values) => product * values.length, 1);
}

/** The product of all swept values over the fixed parameters; the last name in the sweep varies fastest. */
export function points(spec: Pick<CampaignSpec, 'parameters' | 'sweep'>): Parameters[] {
  let made: Parameters[] = [spec.parameters];
  for (const [name, values] of Object.entries(spec.sweep)) {
    made = made.flatMap((point) => values.map((value) => ({ ...point, [name]: value })));
  }
  return made;
}

/** @returns the first thing that is wrong with the points, or null */
export function pointProblem(spec: CampaignSpec, check: ValidateFunction): PointProblem | null {
  for (const name of Object.keys(spec.sweep)) {
    if (Object.hasOwn(spec.parameters, name)) {
      return { path: ['sweep', name], message: `"${name}" is both swept and fixed; keep one` };
    }
  }
  const count = pointCount(spec);
  if (count > MAX_POINTS) {
    return {
      path: ['sweep'],
      message: `the sweep makes ${count} points, at most ${MAX_POINTS} are possible; split the campaign`,
    };
  }
  for (const point of points(spec)) {
    if (check(point)) continue;
    const [error] = check.errors ?? [];
    if (error) return explain(error, point, spec);
  }
  return null;
}

function explain(error: ErrorObject, point: Parameters, spec: CampaignSpec): PointProblem {
  const [name, ...rest] = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const details = error.params as Record<string, unknown>;
  if (name === undefined) {
    const extra = details.additionalProperty;
    if (typeof extra === 'string') {
      const where = Object.hasOwn(spec.sweep, extra) ? 'sweep' : 'parameters';
      return { path: [where, extra], message: `the application has no parameter "${extra}"` };
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
  const swept = Object.hasOwn(spec.sweep, name) ? spec.sweep[name] : undefined;
  if (swept) {
    const index = swept.findIndex((one) => JSON.stringify(one) === value);
    return { path: ['sweep', name, Math.max(0, index), ...inner], message };
  }
  return { path: ['parameters', name, ...inner], message };
}
