import { describe, expect, it } from 'vitest';
import type { Card } from '../../../protocol/work-unit.ts';
import { BEST, BUILDS, card, runEvgen } from './evgen.testkit.ts';

const ALL = ['corrections', 'isr', 'shower', 'hadronisation', 'decays'];

const CARDS: Record<string, Card> = {
  'on the Z, with events': card(
    { energyGeV: 91.19, hepmcEvents: 200 },
    { events: 1_000_000, blockEvents: 100_000 },
  ),
  'just above the threshold of b': card(
    { energyGeV: 9.5600001, processes: ['b', 'tau'], hepmcEvents: 20 },
    { seed: 2 ** 40 + 3, firstEvent: 2 ** 36, events: 200_000, blockEvents: 2 ** 16 },
  ),
  'far above, with other inputs': card(
    {
      energyGeV: 189.123456789,
      mZGeV: 91.5,
      gammaZGeV: 2.2,
      sin2thetaEff: 0.3,
      alphaInverse: 137.035999,
      hepmcEvents: 20,
    },
    { seed: Number.MAX_SAFE_INTEGER, events: 200_000, blockEvents: 50_000 },
  ),
  'whole events with hadrons': card(
    { energyGeV: 91.2, stages: ALL, hepmcEvents: 300 },
    { events: 20_000, blockEvents: 10_000 },
  ),
  'whole events far above the Z': card(
    { energyGeV: 200, stages: ALL, hepmcEvents: 100 },
    { seed: 77, events: 5000, blockEvents: 5000 },
  ),
};

/**
 * The result's name, by any build, must be the one of BEST. (The VM's is compared in the whole-system tests, which
 * take what they expect from runEvgen as well.)
 */
describe('the same bits from every build', () => {
  for (const [name, unit] of Object.entries(CARDS)) {
    for (const build of BUILDS.keys()) {
      if (build === BEST) continue;
      it(`${name}: ${build} = ${BEST}`, async () => {
        const [expected, found] = [await runEvgen(unit), await runEvgen(unit, build)];
        expect(found.console).toBe('');
        expect(found.exitStatus).toBe(0);
        expect([...found.out.keys()]).toEqual(['blocks.jsonl', 'events.hepmc', 'summary.json']);
        for (const [path, bytes] of expected.out) expect(found.out.get(path)?.equals(bytes), path).toBe(true);
        expect(found.hash).toBe(expected.hash);
        expect(found.live).toBe(expected.live);
        expect(found.progress).toBe(expected.progress);
      });
    }
  }

  it('and from release to release: a change of bits must be meant, and raise the version', async () => {
    const run = await runEvgen(
      card({ energyGeV: 91.19, hepmcEvents: 10 }, { events: 100_000, blockEvents: 10_000 }),
    );
    expect(run.hash).toMatchInlineSnapshot(
      `"2d94d4d2cc837f4127870b2151b64e21a52f08fb593d7e57cf8ae2c67608e42e"`,
    );
  });
});
