/** `npm run physics-report [-- --events N]`: see README.md beside this. */
import { mkdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { writeFileAtomic } from '../../platform/files.ts';
import { type Counted, compare, figureOf } from '../../protocol/compare.ts';
import { Release } from '../../protocol/release.ts';
import { buildEvgen } from '../evgen/build.ts';
import { loadFigures, loadTables } from '../reference/load.ts';
import { document } from './document.ts';
import { goalsOf } from './goals.ts';
import { lineShape } from './line-shape.ts';
import { picture } from './picture.ts';
import { runNative } from './runs.ts';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const HADRONS = {
  processes: ['d', 'u', 's', 'c', 'b'],
  stages: ['corrections', 'shower', 'hadronisation', 'decays'],
};

const { values } = parseArgs({ options: { events: { type: 'string', default: '400000' } } });
const events = Number(values.events);
if (!Number.isSafeInteger(events) || events < 5000)
  throw new Error('--events takes a whole number, 5000 or more');

const program = (await buildEvgen()).find(({ target, state }) => target === 'native' && state !== 'skipped');
if (!program) throw new Error('there is no native evgen: a C compiler is needed (apt install gcc)');
const release = parse(await readFile(at('physics/evgen/release.yaml'), 'utf8'));
const axes = Release.shape.histograms.parse(release.histograms);

const run = async (energyGeV: number, count: number): Promise<Counted> => {
  console.error(`${count} events at ${energyGeV} GeV`);
  const { histograms } = await runNative(program.path, { energyGeV, ...HADRONS }, count, 1);
  return { axes, histograms };
};

const references = await loadFigures();
const energies = [...new Set([91.2, ...references.map(({ energyGeV }) => energyGeV)])];
const counted = new Map<number, Counted>();
for (const energyGeV of energies)
  counted.set(energyGeV, await run(energyGeV, energyGeV === 91.2 ? events : Math.max(5000, events / 20)));
const of = (energyGeV: number): Counted => {
  const found = counted.get(energyGeV);
  if (!found) throw new Error(`no events at ${energyGeV} GeV`);
  return found;
};

const tables = (await loadTables()).map((reference) => ({
  reference,
  comparison: compare(of(reference.energyGeV), reference),
}));
const figures = references.map((reference) => ({
  reference,
  found: figureOf(of(reference.energyGeV), reference),
}));
const goals = [...(await lineShape(program.path)), ...goalsOf(figures, tables)];

await mkdir(at('docs/physics'), { recursive: true });
for (const { reference, comparison } of tables)
  await writeFileAtomic(at(`docs/physics/${reference.id}.svg`), picture(reference, comparison), 0o644);
const text = document({ version: release.version, events, goals, figures, tables });
await writeFileAtomic(at('docs/physics-validation.md'), text, 0o644);
for (const { measure, found, goal, met } of goals)
  console.log(`${met ? 'met   ' : 'MISSED'} ${measure}: ${found} (goal ${goal})`);
console.log('wrote docs/physics-validation.md and docs/physics/');
