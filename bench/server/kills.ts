import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Disaster, KILLED, STROKES, type Stroke } from '../../server/testkit/disaster.ts';
import { type Measure, quantile, type Say } from '../measure.ts';

/** BEAMTIME_BENCH_KILLS: fewer, to try the bench itself. */
const KILLS = Number(process.env.BEAMTIME_BENCH_KILLS ?? 200);
const MIX: readonly Stroke[] = [
  'server',
  'all',
  'postgresql',
  'network',
  'server',
  'all',
  'immediate',
  'all',
];

/** Two servers and their PostgreSQL are killed, and the network between them cut, in turn, while hosts work. */
export async function kills(say: Say): Promise<Measure[]> {
  const seed = Number(process.env.BEAMTIME_TEST_SEED ?? Date.now() % 1_000_000);
  const folder = await mkdtemp(join(tmpdir(), 'beamtime-kills-'));
  try {
    const disaster = await Disaster.prepare(folder, { units: KILLS * 7 });
    try {
      const strokes: Stroke[] = [];
      for (let killed = 0; killed < KILLS; ) {
        const stroke = MIX[strokes.length % MIX.length] ?? 'server';
        strokes.push(stroke);
        killed += KILLED[stroke];
      }
      await disaster.run({ seed, strokes });
      say(`seed ${seed}: ${disaster.summary}`);
      const faults = await disaster.faults();
      for (const fault of faults.slice(0, 20)) say(fault);
      return [
        { name: 'faults', value: faults.length, unit: '', goal: '<= 0', comparedWith: null },
        ...STROKES.map((stroke) => ({
          name: `strokes.${stroke}`,
          value: disaster.strokes[stroke],
          unit: '',
          goal: null,
          comparedWith: null,
        })),
        ms('recoveryP50Ms', quantile(disaster.recoveriesMs, 0.5)),
        ms('recoveryMostMs', Math.max(...disaster.recoveriesMs)),
      ];
    } finally {
      await disaster.remove();
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function ms(name: string, value: number): Measure {
  return { name, value, unit: 'ms', goal: null, comparedWith: null };
}
