#!/usr/bin/env node
// The installed command. Plain JavaScript for any Node: hands over to the Node 24 that came with the packages, or goes
// on with its own where that one runs TypeScript.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
const main = join(folder, 'main.ts');
const windows = process.platform === 'win32';
const name = `node-${windows ? 'win' : process.platform}-${process.arch}`;
const pinned = join(dirname(folder), 'node_modules', name, 'bin', windows ? 'node.exe' : 'node');
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const ownWillDo = major > 22 || (major === 22 && minor >= 18);

if (ownWillDo) {
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
      'Run "npm install" in the folder of Beamtime, or install Node 24.',
  );
  process.exitCode = 1;
}
