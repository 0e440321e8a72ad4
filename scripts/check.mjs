// Format, lint, the arrows between folders, types. Prints what fails; `npm run format` mends format and simple lint.
import { execFile } from 'node:child_process';
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

/** All at once: each of them uses one core. @returns {Promise<{ passed: number, failed: number }>} */
export async function runChecks() {
  const failed = await Promise.all(
    CHECKS.map(async ({ name, args }) => {
      const complaint = await complaintOf(args);
      console.log(complaint === null ? `ok   ${name}` : `FAIL ${name}\n${complaint}`);
      return complaint !== null;
    }),
  );
  const count = failed.filter(Boolean).length;
  return { passed: CHECKS.length - count, failed: count };
}

/** @returns null where it finds nothing wrong */
function complaintOf(args) {
  return new Promise((resolve) => {
    // Biome makes a folder there, else in the home.
    const env = { ...process.env, XDG_CACHE_HOME: join(root, '.cache') };
    execFile(process.execPath, args, { cwd: root, env, maxBuffer: 64e6 }, (error, stdout, stderr) =>
      resolve(error ? `${stdout}${stderr}` || error.message : null),
    );
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!existsSync(join(root, 'node_modules'))) throw new Error('run `npm run check`, which sets up first');
  process.exitCode = (await runChecks()).failed > 0 ? 1 : 0;
}
