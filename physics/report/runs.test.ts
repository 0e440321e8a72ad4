import { describe, expect, it } from 'vitest';
import { blocksOf, card, runEvgen } from '../evgen/tests/evgen.testkit.ts';
import { addUp } from './runs.ts';

it('another alpha_s by weights: as many events, rounder with more of it', async () => {
  const stages = ['corrections', 'shower', 'hadronisation', 'decays'];
  const parameters = { energyGeV: 91.2, processes: ['d', 'u', 's'], stages, alphaSVariation: 0.005 };
  const { histograms } = addUp(
    blocksOf(await runEvgen(card(parameters, { events: 6000, blockEvents: 2000 }))),
  );
  const mean = (name: string) => {
    const counts = histograms[name] ?? [];
    const total = counts.reduce((sum, count) => sum + count, 0);
    return { total, thrust: counts.reduce((sum, count, i) => sum + count * (0.495 + 0.01 * i), 0) / total };
  };
  const [plain, up, down] = [mean('thrust'), mean('thrustAlphaSUp'), mean('thrustAlphaSDown')];
  for (const { total } of [up, down]) expect(total / 2 ** 20 / plain.total).toBeCloseTo(1, 1);
  expect(1 - up.thrust).toBeGreaterThan(1 - plain.thrust);
  expect(1 - down.thrust).toBeLessThan(1 - plain.thrust);
});

it('other hadrons by weights: more kaons with more strange quarks, more protons with more diquarks', async () => {
  const stages = ['corrections', 'shower', 'hadronisation', 'decays'];
  const parameters = {
    energyGeV: 91.2,
    processes: ['d', 'u'],
    stages,
    strangeVariation: 0.05,
    diquarkVariation: 0.03,
  };
  const run = await runEvgen(card(parameters, { events: 4000, blockEvents: 2000 }));
  const { histograms } = addUp(blocksOf(run));
  const of = (name: string, kind: number) =>
    (histograms[name]?.[kind] ?? 0) / (name === 'identified' ? 1 : 2 ** 20);
  const [kaon, proton] = [3, 14];
  for (const [name, kind] of [
    ['Strange', kaon],
    ['Diquark', proton],
  ] as const) {
    expect(of(`identified${name}Up`, kind)).toBeGreaterThan(1.05 * of('identified', kind));
    expect(of(`identified${name}Down`, kind)).toBeLessThan(0.95 * of('identified', kind));
  }
});

describe('blocks of real events', async () => {
  const stages = ['corrections', 'isr', 'shower', 'hadronisation', 'decays'];
  const run = await runEvgen(card({ energyGeV: 91.2, stages }, { events: 600, blockEvents: 100 }));
  const blocks = blocksOf(run);
  const whole = addUp(blocks);

  it('add up to the same in any order', () => {
    expect(addUp([...blocks].reverse())).toEqual(whole);
  });

  it('add up to the same in any grouping, energy sums too', () => {
    const [left, right] = [addUp(blocks.slice(0, 2)), addUp(blocks.slice(2))];
    for (const [name, counts] of Object.entries(whole.histograms)) {
      const sum = left.histograms[name]?.map((count, i) => count + (right.histograms[name]?.[i] ?? 0));
      expect(sum, name).toEqual(counts);
    }
    expect(whole.histograms.eec?.reduce((a, b) => a + b, 0)).toBeGreaterThan(100 * 2 ** 20);
    expect(left.events + right.events).toBe(whole.events);
  });

  it('are what one block of all these events is', async () => {
    const one = await runEvgen(card({ energyGeV: 91.2, stages }, { events: 600, blockEvents: 600 }));
    expect(addUp(blocksOf(one)).histograms).toEqual(whole.histograms);
  });

  it('nothing gives nothing', () => {
    expect(addUp([])).toEqual({ events: 0, crossSectionPb: { value: 0, error: 0 }, histograms: {} });
  });
});
