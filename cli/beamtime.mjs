#!/usr/bin/env node
// The installed command. Plain JavaScript for any Node: hands over to the Node 24 that came with the packages, or goes
// on with its own where that one runs TypeScript.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ownNodeWillDo, pinnedNode } from '../scripts/setup/node24.mjs';

const folder = dirname(fileURLToPath(import.meta.url));
const main = join(folder, 'main.ts');
const pinned = pinnedNode(dirname(folder));

if (ownNodeWillDo()) {
  process.argv[1] = main;
  await import(pathToFileURL(main).href);
} else if (existsSync(pinned)) {
  const child = spawn(pinned, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal sends SIGINT to both; other signals come to us alone.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`beamtime: cannot run ${pinned}: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('close', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
} else {
  console.error(
    `beamtime: this is Node ${process.versions.node}, which is too old, and there is no newer one beside Beamtime. ` +
      'Run "npm start" once in the folder of Beamtime, or install Node 24.',
  );
  process.exitCode = 1;
}
