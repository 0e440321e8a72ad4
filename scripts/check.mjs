// Format, lint, the arrows between folders, types. Prints what fails; `npm run format` mends format and simple lint.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (packageName, file) => join(root, 'node_modules', packageName, file);

export const CHECKS = [
  {
    name: 'format and lint',
    args: [bin('@biomejs/biome', 'bin/biome'), 'check', '--error-on-warnings', '.'],
  },
  { name: 'arrows between folders', args: [join(root, 'scripts/check-imports.mjs')] },
  { name: 'types', args: [bin('typescript', 'bin/tsc'), '-p', '.'] },
  { name: 'types of the pages', args: [bin('vue-tsc', 'bin/vue-tsc.js'), '--noEmit', '-p', 'renderer'] },
];

/** @returns {{ passed: number, failed: number }} */
export function runChecks() {
  const count = { passed: 0, failed: 0 };
  for (const check of CHECKS) {
    const result = spawnSync(process.execPath, check.args, { cwd: root, encoding: 'utf8' });
    const good = result.status === 0;
    count[good ? 'passed' : 'failed']++;
    console.log(`${good ? 'ok  ' : 'FAIL'} ${check.name}`);
    if (!good) console.log(`${result.stdout}${result.stderr}`);
  }
  return count;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!existsSync(join(root, 'node_modules'))) throw new Error('run `npm run check`, which sets up first');
  process.exitCode = runChecks().failed > 0 ? 1 : 0;
}
