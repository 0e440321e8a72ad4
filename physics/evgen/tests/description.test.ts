/** release.yaml tells people and servers what the program counts: it must be what the program says of itself. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type HistogramAxis, Release } from '../../../protocol/release.ts';
import { BUILDS } from './evgen.testkit.ts';

const document = parse(await readFile(new URL('../release.yaml', import.meta.url), 'utf8'));
const axes: HistogramAxis[] = Release.shape.histograms.parse(document.histograms);

interface Described {
  readonly name: string;
  readonly edges: readonly number[];
  readonly scale: number;
  readonly per: string | null;
}

describe.skipIf(!BUILDS.has('native'))('release.yaml against evgen --describe', async () => {
  const { stdout } = await promisify(execFile)(BUILDS.get('native') ?? '', ['--describe']);
  const said: { version: string; processes: string[]; identified: string[]; histograms: Described[] } =
    JSON.parse(stdout);

  it('names the same histograms in the same order, with the same bins, scales and normalisations', () => {
    expect(axes.map((axis) => axis.name)).toEqual(said.histograms.map((axis) => axis.name));
    for (const [i, { name, edges, scale, per }] of said.histograms.entries()) {
      const axis = axes[i];
      expect(axis?.edges.length, name).toBe(edges.length);
      for (const [k, edge] of edges.entries()) expect(axis?.edges[k], name).toBeCloseTo(edge, 9);
      expect([axis?.scale ?? 1, axis?.per ?? null], name).toEqual([scale, per]);
    }
  });

  it('gives version, processes and kinds of hadrons', () => {
    expect(document.version).toBe(said.version);
    expect(document.parameters.properties.processes.items.enum).toEqual(said.processes);
    expect(axes.find((axis) => axis.name === 'identified')?.binLabels).toEqual(said.identified);
  });
});

describe('histograms of a release', () => {
  const axis = { name: 'a', title: 'a', xLabel: '', yLabel: '', edges: [0, 1, 2] };
  const wrong: [string, object[]][] = [
    ['divided by a histogram that is not there', [{ ...axis, per: 'n' }]],
    ['squares that are not there', [axis, { ...axis, name: 'b', per: 'a', squares: 'c' }]],
    [
      'squares with other bins',
      [
        { ...axis, edges: [0, 1] },
        { ...axis, name: 'b', per: 'a', squares: 'a' },
      ],
    ],
    ['squares without a number of events', [axis, { ...axis, name: 'b', squares: 'a' }]],
    ['too few labels', [{ ...axis, binLabels: ['one'] }]],
  ];
  it.each(wrong)('are refused: %s', (_, histograms) => {
    expect(Release.shape.histograms.safeParse(histograms).success).toBe(false);
  });
});
