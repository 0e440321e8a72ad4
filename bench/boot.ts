import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { benchCard, root, runInCapsule, withMachines } from './capsule/run.ts';
import { type Bench, type Measure, quantile } from './measure.ts';

const BOOTS = 3;
const RESTORES = 9;
const at = (path: string) => fileURLToPath(new URL(path, root));

/**
 * How long until a machine computes. Cold: QEMU started, kernel and init run, agent waits; every time with no snapshot.
 * Restored: from asking for a capsule to the program's first progress (a block of 1,000 events), as a slot does it.
 */
export const bench: Bench = {
  name: 'boot',
  async run(say) {
    const boots: number[] = [];
    const firsts: number[] = [];
    const restores: number[] = [];
    let accelerator = '';
    for (let i = 0; i < BOOTS; i++) {
      await withMachines(async (driver) => {
        const facts = driver.facts();
        boots.push(facts.bootMs ?? Number.NaN);
        accelerator = facts.accelerator ?? '';
        say(`boot ${i + 1} of ${BOOTS}: ${Math.round(facts.bootMs ?? 0)} ms (${accelerator})`);
        if (i < BOOTS - 1) return;
        for (let j = 0; j < RESTORES; j++) {
          const run = await runInCapsule(
            driver,
            at('build/evgen/evgen-x86_64-linux'),
            benchCard(2_000, 1_000),
          );
          firsts.push(run.firstProgressMs);
          restores.push(run.startMs);
        }
      });
    }
    const sizes = await Promise.all(
      ['build/appliance/kernel', 'build/appliance/initrd'].map(async (path) => (await stat(at(path))).size),
    );
    const beside = `${accelerator}, median of`;
    const measures: Measure[] = [
      {
        name: 'coldBootMs',
        value: quantile(boots, 0.5),
        unit: 'ms',
        goal: null,
        comparedWith: `${beside} ${BOOTS}`,
      },
      {
        name: 'restoreMs',
        value: quantile(restores, 0.5),
        unit: 'ms',
        goal: null,
        comparedWith: `${beside} ${RESTORES}`,
      },
      {
        name: 'restoreToFirstEventMs',
        value: quantile(firsts, 0.5),
        unit: 'ms',
        goal: '<= 1500',
        comparedWith: `${beside} ${RESTORES}`,
      },
      {
        name: 'applianceBytes',
        value: sizes.reduce((sum, size) => sum + size, 0),
        unit: 'bytes',
        goal: '<= 10e6',
        comparedWith: 'kernel and initrd',
      },
    ];
    return measures;
  },
};
