#!/usr/bin/env node
// In place of fpm, which electron-builder would download: makes the package it is asked for with dpkg-deb. Knows just the
// arguments that electron-builder gives for a .deb, and fails on any other.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const fields = {};
const depends = [];
const contents = [];
const args = process.argv.slice(2);
for (let i = 0; i < args.length; i++) {
  const arg = args[i];
  if (arg === '--force') continue;
  if (arg.startsWith('-')) {
    const value = args[++i];
    if (arg === '-d') depends.push(value);
    else fields[arg.replace(/^-+/, '')] = value;
  } else contents.push(arg.split('='));
}
if (fields.s !== 'dir' || fields.t !== 'deb' || !fields.package)
  throw new Error(`not a .deb of folders: ${args.join(' ')}`);

// Beside the package, and so on one disk with what goes into it: big files are linked, not copied.
const tree = mkdtempSync(join(dirname(fields.package), 'deb-'));
try {
  for (const [from, to] of contents) {
    const target = join(tree, to);
    mkdirSync(dirname(target), { recursive: true });
    if (from.endsWith('/')) execFileSync('cp', ['-al', from.slice(0, -1), target]);
    else cpSync(from, target);
  }
  const control = join(tree, 'DEBIAN');
  mkdirSync(control);
  writeFileSync(
    join(control, 'control'),
    [
      `Package: ${fields.name}`,
      `Version: ${fields.version}`,
      `Architecture: ${fields.architecture}`,
      `Maintainer: ${fields.maintainer}`,
      `Depends: ${depends.join(', ')}`,
      `Section: ${fields.category}`,
      `Priority: ${fields['deb-priority']}`,
      `Homepage: ${fields.url}`,
      `Description: ${fields.description}`,
      '',
    ].join('\n'),
  );
  for (const [option, name] of [
    ['after-install', 'postinst'],
    ['after-remove', 'postrm'],
  ]) {
    writeFileSync(join(control, name), readFileSync(fields[option]));
    chmodSync(join(control, name), 0o755);
  }
  // Not compressed: a test has no use for a small file.
  execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '--build', tree, fields.package]);
} finally {
  rmSync(tree, { recursive: true, force: true });
}
