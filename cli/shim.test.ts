import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SHIM = join(dirname(fileURLToPath(import.meta.url)), 'beamtime.mjs');

/** Other Nodes of this machine: the shim must do with each from 18 up. */
const nodes = [process.execPath, '/usr/bin/node', '/usr/local/bin/node', '/opt/node/bin/node'].filter(
  existsSync,
);

describe.each(nodes)('beamtime.mjs run by %s', (node) => {
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' });

  it(`runs the command on a Node that can (${version.trim()})`, () => {
    const ran = spawnSync(node, [SHIM, '--help'], { encoding: 'utf8' });
    expect(ran).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('Usage: beamtime COMMAND'),
      stderr: '',
    });
  });

  it(`hands the exit status through (${version.trim()})`, () => {
    expect(spawnSync(node, [SHIM, 'nonsense'], { encoding: 'utf8' })).toMatchObject({
      status: 2,
      stderr: 'beamtime: "nonsense" is not a command; "beamtime --help" lists them\n',
    });
  });
});
