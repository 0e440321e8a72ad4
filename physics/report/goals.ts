import { chi2PerBin, deviations, type FigureFound, type Goal, type TableFound } from './document.ts';

/** The two distributions that must fit best: one of charged particles, one of all. */
const BEST = ['thrust-charged-delphi-1996', 'thrust-aleph-2004'];

/** The goals that the figures and distributions are held against. */
export function goalsOf(figures: readonly FigureFound[], tables: readonly TableFound[]): Goal[] {
  const multiplicities = figures.filter(({ reference }) => /^multiplicity-\d+$/.test(reference.id));
  const numbers = figures.filter(({ reference }) => reference.figure.of === 'number');
  const best = tables.filter(({ reference }) => BEST.includes(reference.id));
  const others = tables.filter(({ reference }) => !BEST.includes(reference.id));
  const good = others.filter(({ comparison }) => chi2PerBin(comparison) < 4);
  const within15 = numbers.filter(
    ({ reference, found }) => Math.abs(found.value / reference.value - 1) <= 0.15,
  );
  const within2 = numbers.filter((figure) => Math.abs(deviations(figure)) <= 2);
  return [
    ...multiplicities.map((figure) => ({
      measure: `mean charged multiplicity at ${figure.reference.energyGeV} GeV`,
      found: `${figure.found.value.toFixed(2)} (data ${figure.reference.value} ± ${figure.reference.error})`,
      goal: 'within 2 sigma',
      met: Math.abs(deviations(figure)) <= 2,
    })),
    {
      measure: 'numbers of identified hadrons within 15 %',
      found: `${within15.length} of ${numbers.length}`,
      goal: 'all',
      met: within15.length === numbers.length,
    },
    {
      measure: 'numbers of identified hadrons within 2 sigma',
      found: `${within2.length} of ${numbers.length}`,
      goal: 'most',
      met: within2.length > numbers.length / 2,
    },
    ...best.map(({ reference, comparison }) => ({
      measure: `chi2/N of ${reference.title.toLowerCase()} (${reference.experiment})`,
      found: chi2PerBin(comparison).toFixed(2),
      goal: '< 2',
      met: chi2PerBin(comparison) < 2,
    })),
    {
      measure: 'other distributions with chi2/N < 4',
      found: `${good.length} of ${others.length}`,
      goal: 'ten or more',
      met: good.length >= 10,
    },
  ];
}
