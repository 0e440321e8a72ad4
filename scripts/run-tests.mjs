// Every check and every test; the last line is "N passed, N failed", and the exit status says the same.
// Arguments go to vitest (for example a file name to run only that).
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChecks } from './check.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const report = join(root, '.cache', 'test-report.json');
mkdirSync(dirname(report), { recursive: true });
rmSync(report, { force: true });

const only = process.argv.slice(2);
const checks = only.length === 0 ? await runChecks() : { passed: 0, failed: 0 };
const vitest = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...only,
  ],
  // Vitest keeps a token there, else in the home.
  { cwd: root, stdio: 'inherit', env: { ...process.env, XDG_DATA_HOME: join(root, '.cache', 'share') } },
);

let tests = { passed: 0, failed: 0, skipped: 0 };
let broken = 0;
try {
  const result = JSON.parse(readFileSync(report, 'utf8'));
  tests = { passed: result.numPassedTests, failed: result.numFailedTests, skipped: result.numPendingTests };
  // A file that fails before, between or after its tests counts as one failure.
  broken = result.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  ).length;
} catch (error) {
  console.error(`no report from vitest: ${error.message}`);
  broken = 1;
}
const passed = checks.passed + tests.passed;
let failed = checks.failed + tests.failed + broken;
// Errors outside of any test (an unhandled rejection) make vitest exit non-zero with no failed test.
if (vitest.status !== 0 && failed === 0) failed = 1;
if (passed === 0 && failed === 0) failed = 1;
if (tests.skipped > 0) console.log(`${tests.skipped} skipped (each says why above)`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
