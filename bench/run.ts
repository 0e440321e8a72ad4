import { readdirSync } from 'node:fs';
import { arch, cpus, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Bench, Measure } from './measure.ts';

const folder = dirname(fileURLToPath(import.meta.url));
const names = readdirSync(folder)
  .filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !['run.ts', 'measure.ts'].includes(file),
  )
  .map((file) => file.slice(0, -3));

const args = process.argv.slice(2);
const json = args.includes('--json');
const asked = args.filter((arg) => arg.startsWith('--') && arg !== '--json').map((arg) => arg.slice(2));
const name = args.find((arg) => !arg.startsWith('-')) ?? '';
if (!names.includes(name)) {
  console.error(`usage: npm run bench -- NAME [--json] [--LONG]   NAME: ${names.join(', ')}`);
  process.exit(2);
}
const { bench } = (await import(pathToFileURL(join(folder, `${name}.ts`)).href)) as { bench: Bench };
const say = (line: string) => console.error(line);
const long = asked.map((one) => bench.long?.[one]);
if (long.includes(undefined)) {
  console.error(`bench ${name} knows of: ${Object.keys(bench.long ?? {}).join(', ') || 'nothing longer'}`);
  process.exit(2);
}
const [wanted] = long;
const measures = await (wanted ? wanted(say) : bench.run(say));
if (json) console.log(JSON.stringify({ name, machine: machine(), measures }));
else for (const measure of measures) console.log(describe(measure));

function machine() {
  const all = cpus();
  return {
    cpu: all[0]?.model ?? 'unknown',
    cores: all.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    os: `${process.platform} ${release()} ${arch()}`,
    node: process.versions.node,
  };
}

function describe(measure: Measure): string {
  const value = Number(measure.value.toPrecision(4));
  const goal = measure.goal ? `  goal ${measure.goal}: ${meets(measure) ? 'met' : 'MISSED'}` : '';
  return `${measure.name.padEnd(28)} ${String(value).padStart(12)} ${measure.unit.padEnd(10)}${goal}${measure.comparedWith ? `  (beside ${measure.comparedWith})` : ''}`;
}

function meets({ goal, value }: Measure): boolean {
  const match = /^(<=|>=) ?([\d.e]+)$/.exec(goal ?? '');
  if (!match) return true;
  return match[1] === '<=' ? value <= Number(match[2]) : value >= Number(match[2]);
}
