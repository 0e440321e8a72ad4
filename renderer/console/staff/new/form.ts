import type { CampaignSpec } from '../../../../protocol/campaign.ts';
import type { Field } from './fields.ts';
import { readValue, readValues, writeValue, writeValues } from './values.ts';

/**
 * How a parameter goes through the points. fixed: the same at all, and the application's default where nothing is written.
 * grid: each value with each of others' (`sweep`). list: the first of all, the second of all (`points`). range: chosen between
 * two ends (`sample`).
 */
export const WAYS = ['fixed', 'grid', 'list', 'range'] as const;
export type Way = (typeof WAYS)[number];

/** What stands in a parameter's inputs. */
export interface ParameterInput {
  way: Way;
  text: string;
  low: string;
  high: string;
  isLog: boolean;
}

export const BELIEFS = ['spot', 'quorum', 'tolerance', 'adaptive'] as const;
export type Belief = (typeof BELIEFS)[number];
export const METHODS = ['sobol', 'latin-hypercube', 'random'] as const;

/** What stands in a form, as it is typed. */
export interface Form {
  name: string;
  title: string;
  description: string;
  parameters: Record<string, ParameterInput>;
  method: (typeof METHODS)[number];
  samplePoints: string;
  sampleSeed: string;
  events: string;
  eventsPerUnit: string;
  blockEvents: string;
  seed: string;
  isAdaptive: boolean;
  precision: string;
  /** '': the cross-section. */
  histogram: string;
  belief: Belief;
  believed: string;
  owner: string;
  priority: string;
  /** Of an input for a moment, in local time; '': none. */
  deadline: string;
  /** Both or none. */
  canaryHosts: string;
  canaryUnits: string;
  attempts: string;
  leaseMinutes: string;
  unitMinutes: string;
  /** The campaign whose files are analysed; '': none. */
  inputFrom: string;
  inputOutput: string;
}

/** Where a unit of work takes half a minute, which is neither mostly overhead nor much to lose. */
const UNIT_SECONDS = 30;

export const noInput = (): ParameterInput => ({ way: 'fixed', text: '', low: '', high: '', isLog: false });

/** @param microsecondsPerEvent what the release says of the reference core */
export function emptyForm(fields: readonly Field[], microsecondsPerEvent: number): Form {
  const block = roundNumber(Math.max(1, (UNIT_SECONDS * 1e5) / microsecondsPerEvent));
  return {
    ...{ name: '', title: '', description: '' },
    parameters: Object.fromEntries(fields.map(({ name }) => [name, noInput()])),
    ...{ method: 'sobol', samplePoints: '64', sampleSeed: '' },
    ...{ events: String(100 * block), eventsPerUnit: String(10 * block), blockEvents: String(block) },
    ...{ seed: '1', isAdaptive: false, precision: '0.01', histogram: '' },
    ...{ belief: 'spot', believed: '0.05', owner: '', priority: '', deadline: '' },
    ...{ canaryHosts: '', canaryUnits: '', attempts: '', leaseMinutes: '', unitMinutes: '' },
    ...{ inputFrom: '', inputOutput: '' },
  };
}

/** 1, 2 or 5 times a power of ten, at most as large. */
function roundNumber(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const lead = value / power;
  return Math.max(1, (lead >= 5 ? 5 : lead >= 2 ? 2 : 1) * power);
}

const number = (text: string) => readValue({ kind: 'number', choices: [] }, text);

/** What is written is said; what is left empty is not, so that the defaults are the server's. */
function written(values: Readonly<Record<string, string>>, read: (text: string) => unknown): object {
  const given = Object.entries(values).filter(([, text]) => text.trim() !== '');
  return Object.fromEntries(given.map(([key, text]) => [key, read(text)]));
}

/** The campaign document that a form stands for. It may be wrong in any way: the server checks it. */
export function documentOf(
  form: Form,
  fields: readonly Field[],
  release: { readonly application: string; readonly version: string },
): Record<string, unknown> {
  const inputs = fields.map((field) => ({ field, input: form.parameters[field.name] ?? noInput() }));
  const having = (way: Way) => inputs.filter(({ input }) => input.way === way);
  const fixed = having('fixed').filter(({ input }) => input.text.trim() !== '');
  const parameters = Object.fromEntries(
    fixed.map(({ field, input }) => [field.name, readValue(field, input.text)]),
  );
  const sweep = Object.fromEntries(
    having('grid').map(({ field, input }) => [field.name, readValues(field, input.text)]),
  );
  const points = listed(having('list'));
  const ranges = Object.fromEntries(
    having('range').map(({ field, input }) => [field.name, rangeOf(field, input)]),
  );
  const some = (value: object) => Object.keys(value).length > 0;
  return {
    kind: 'campaign',
    name: form.name.trim(),
    title: form.title.trim(),
    ...written({ description: form.description }, (text) => text.trim()),
    ...{ application: release.application, version: release.version },
    ...(some(parameters) ? { parameters } : {}),
    ...(some(sweep) ? { sweep } : {}),
    ...(points.length > 0 ? { points } : {}),
    ...(some(ranges)
      ? {
          sample: {
            method: form.method,
            points: number(form.samplePoints),
            ...written({ seed: form.sampleSeed }, number),
            ranges,
          },
        }
      : {}),
    events: number(form.events),
    ...(form.isAdaptive
      ? {
          adaptive: {
            precision: number(form.precision),
            ...written({ histogram: form.histogram }, (text) => text),
          },
        }
      : {}),
    ...{ eventsPerUnit: number(form.eventsPerUnit), blockEvents: number(form.blockEvents) },
    seed: number(form.seed),
    validation: { [form.belief]: number(form.believed) },
    ...written({ owner: form.owner }, (text) => text.trim()),
    ...written({ priority: form.priority }, number),
    ...written({ deadline: form.deadline }, momentOf),
    ...(form.canaryHosts.trim() + form.canaryUnits.trim() === ''
      ? {}
      : { canary: { hosts: number(form.canaryHosts), units: number(form.canaryUnits) } }),
    ...written(
      { attempts: form.attempts, leaseMinutes: form.leaseMinutes, unitMinutes: form.unitMinutes },
      number,
    ),
    ...written({ inputs: form.inputFrom }, (from) => ({
      from: from.trim(),
      output: form.inputOutput.trim(),
    })),
  };
}

/** One point for the first value of each, one for the second; where one has fewer the server says what a point lacks. */
function listed(
  inputs: readonly { readonly field: Field; readonly input: ParameterInput }[],
): Record<string, unknown>[] {
  const columns = inputs.map(({ field, input }) => ({
    name: field.name,
    values: readValues(field, input.text),
  }));
  const count = Math.max(0, ...columns.map(({ values }) => values.length));
  return Array.from({ length: count }, (_, i) =>
    Object.fromEntries(columns.flatMap(({ name, values }) => (i < values.length ? [[name, values[i]]] : []))),
  );
}

function rangeOf({ kind }: Field, { low, high, isLog }: ParameterInput): unknown {
  const ends = { low: number(low), high: number(high) };
  if (kind !== 'integer' && !isLog) return [ends.low, ends.high];
  return {
    ...ends,
    ...(isLog ? { scale: 'log' } : {}),
    ...(kind === 'integer' ? { integer: true } : {}),
  };
}

function momentOf(local: string): string {
  const moment = new Date(local);
  return Number.isNaN(moment.getTime()) ? local : moment.toISOString();
}

/** A moment as an input for one holds it: local time, to the minute. */
export function localMoment(moment: string): string {
  const at = new Date(moment);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Names of all parameters that a campaign says something of. */
export function parametersOf({ parameters, sweep, points = [], sample }: CampaignSpec): string[] {
  return [
    ...Object.keys(parameters),
    ...Object.keys(sweep),
    ...points.flatMap((point) => Object.keys(point)),
    ...Object.keys(sample?.ranges ?? {}),
  ];
}

/** A form with all that a campaign says, but for its name: the new one has another. */
export function formOf(spec: CampaignSpec, fields: readonly Field[]): Form {
  const { validation, canary, adaptive, sample } = spec;
  const [[belief, believed] = ['spot', 0.05]] = Object.entries(validation);
  const text = (value: number | undefined) => (value === undefined ? '' : String(value));
  return {
    ...{ name: '', title: spec.title, description: spec.description },
    parameters: Object.fromEntries(fields.map((field) => [field.name, inputOf(spec, field)])),
    method: sample?.method ?? 'sobol',
    samplePoints: text(sample?.points ?? 64),
    sampleSeed: sample?.seed ? text(sample.seed) : '',
    events: text(spec.events),
    eventsPerUnit: text(spec.eventsPerUnit),
    blockEvents: text(spec.blockEvents),
    seed: text(spec.seed),
    isAdaptive: adaptive !== undefined,
    precision: text(adaptive?.precision ?? 0.01),
    histogram: adaptive?.histogram ?? '',
    belief: BELIEFS.find((one) => one === belief) ?? 'spot',
    believed: text(believed),
    owner: spec.owner ?? '',
    priority: text(spec.priority),
    deadline: spec.deadline === undefined ? '' : localMoment(spec.deadline),
    canaryHosts: text(canary?.hosts),
    canaryUnits: text(canary?.units),
    attempts: text(spec.attempts),
    leaseMinutes: text(spec.leaseMinutes),
    unitMinutes: text(spec.unitMinutes),
    inputFrom: spec.inputs?.from ?? '',
    inputOutput: spec.inputs?.output ?? '',
  };
}

function inputOf({ parameters, sweep, points = [], sample }: CampaignSpec, field: Field): ParameterInput {
  const { name } = field;
  const grid = sweep[name];
  if (grid) return { ...noInput(), way: 'grid', text: writeValues(field, grid) };
  if (points.some((point) => Object.hasOwn(point, name)))
    return {
      ...noInput(),
      way: 'list',
      text: writeValues(
        field,
        points.map((point) => point[name]),
      ),
    };
  const range = sample?.ranges[name];
  if (range) {
    const [low, high] = Array.isArray(range) ? range : [range.low, range.high];
    const isLog = !Array.isArray(range) && range.scale === 'log';
    return { ...noInput(), way: 'range', low: String(low), high: String(high), isLog };
  }
  return Object.hasOwn(parameters, name)
    ? { ...noInput(), text: writeValue(field, parameters[name]) }
    : noInput();
}
