// Holds the arrows of the house: which top-level folder may import which. Run by `npm run check`.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/**
 * Folder -> folders it may import (besides itself). test/ and bench/ may import everything. Of scripts/, cli/ uses where the
 * pinned Node is, for its shim runs before any Node that could read TypeScript is known, and which Electron there is.
 */
const ARROWS = {
  protocol: [],
  platform: ['protocol'],
  ninep: [],
  fuse: ['ninep'],
  wasi: ['ninep', 'protocol', 'platform'],
  appliance: ['protocol', 'platform'],
  physics: ['protocol', 'platform'],
  applications: ['appliance', 'protocol', 'platform'],
  engine: ['ninep', 'wasi', 'protocol', 'platform', 'cvmfs'],
  cvmfs: ['ninep', 'protocol', 'platform'],
  server: ['wasi', 'ninep', 'protocol', 'platform', 'cvmfs'],
  renderer: ['protocol'],
  electron: ['engine', 'protocol', 'platform'],
  cli: ['engine', 'server', 'cvmfs', 'wasi', 'ninep', 'fuse', 'physics', 'protocol', 'platform', 'scripts'],
  scripts: [],
};

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => /\.(ts|mjs|vue)$/.test(file) && existsSync(file));
const problems = [];
for (const file of files) {
  const room = file.split('/')[0] ?? '';
  const allowed = ARROWS[room];
  if (!allowed || /\.(test|testkit)\.ts$/.test(file) || /(^|\/)testkit\//.test(file)) continue;
  const text = readFileSync(file, 'utf8');
  for (const [, target] of text.matchAll(/(?:from|import|import\()\s*['"](\.[^'"]+)['"]/g)) {
    const reached = normalize(join(dirname(file), target)).split('/')[0] ?? '';
    if (reached !== room && !allowed.includes(reached) && ARROWS[reached]) {
      problems.push(`${file}: ${room}/ must not import ${reached}/ (${target})`);
    }
  }
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
