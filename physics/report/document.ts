import type { Comparison, Value } from '../../protocol/compare.ts';
import type { ReferenceFigure, ReferenceTable } from '../../protocol/reference.ts';

/** A line of the table of goals. */
export interface Goal {
  readonly measure: string;
  readonly found: string;
  readonly goal: string;
  readonly met: boolean;
}

export interface FigureFound {
  readonly reference: ReferenceFigure;
  readonly found: Value;
}

export interface TableFound {
  readonly reference: ReferenceTable;
  readonly comparison: Comparison;
}

export interface Report {
  readonly version: string;
  readonly events: number;
  readonly goals: readonly Goal[];
  readonly figures: readonly FigureFound[];
  readonly tables: readonly TableFound[];
}

export const chi2PerBin = ({ chi2, n }: Comparison) => chi2 / Math.max(1, n);

export const deviations = ({ reference, found }: FigureFound) =>
  (found.value - reference.value) / Math.hypot(reference.error, found.error);

const number = (value: number, error: number) => {
  const decimals = error > 0 ? Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(error)))) : 3;
  return value.toFixed(decimals);
};

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

function figureRow(figure: FigureFound): string {
  const { reference, found } = figure;
  return row([
    reference.title,
    `${reference.energyGeV}`,
    `${number(reference.value, reference.error)} ± ${number(reference.error, reference.error)}`,
    `${number(found.value, Math.max(found.error, reference.error / 10))}`,
    `${(found.value / reference.value).toFixed(3)}`,
    deviations(figure).toFixed(1),
    `${reference.experiment}, ${reference.paper}`,
  ]);
}

function tableRow({ reference, comparison }: TableFound): string {
  return row([
    `[${reference.title}](physics/${reference.id}.svg)`,
    reference.particles,
    chi2PerBin(comparison).toFixed(2),
    String(comparison.n),
    `${reference.experiment}, ${reference.paper}`,
  ]);
}

/** docs/physics-validation.md */
export function document({ version, events, goals, figures, tables }: Report): string {
  const measured = tables
    .filter(({ reference }) => reference.energyGeV === 91.2)
    .map((table) => `![${table.reference.title}](physics/${table.reference.id}.svg)`);
  return [
    '# The generator against the data',
    '',
    `Written by \`npm run physics-report -- --events ${events}\`: evgen ${version}, ${events} hadronic events at 91.2 GeV without photons of the`,
    'beams (to which the experiments corrected their data), default parameters. Data, with their papers: physics/reference. What each',
    'step of the generator does: [physics.md](physics.md).',
    '',
    'chi2/N adds the errors of data and statistics in each bin. The data’s systematic errors go together from bin to bin, which the',
    'published tables do not tell, so a perfect model has not exactly 1. No theory error is added.',
    '',
    '## Goals',
    '',
    row(['measure', 'found', 'goal', 'met']),
    row(['---', '---', '---', '---']),
    ...goals.map(({ measure, found, goal, met }) => row([measure, found, goal, met ? 'yes' : '**no**'])),
    '',
    '## Distributions',
    '',
    row(['what', 'particles', 'chi2/N', 'N', 'data']),
    row(['---', '---', '---', '---', '---']),
    ...tables.map(tableRow),
    '',
    '## Figures',
    '',
    row(['what', 'GeV', 'measured', 'evgen', 'ratio', 'standard deviations', 'data']),
    row(['---', '---', '---', '---', '---', '---', '---']),
    ...figures.map(figureRow),
    '',
    '## Pictures',
    '',
    'Points: data. Line: evgen. Below: evgen over data, with the data’s error as a band.',
    '',
    ...measured,
    '',
  ].join('\n');
}
