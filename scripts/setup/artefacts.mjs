// What is built from this repository. Each builder decides by the hash of its inputs whether there is work to
// do, builds beside and renames. One that cannot build here is reported, and what depends on it says so later.
import { join } from 'node:path';
import { run, say } from './run.mjs';

const BUILDERS = [
  { what: 'the event generator', script: 'physics/evgen/build.ts' },
  { what: 'the analysis of spectra', script: 'physics/spectra/build.ts' },
  { what: 'the micro appliance', script: 'appliance/build.ts' },
  // Builds the pages first, which it carries.
  { what: 'the desktop app', script: 'electron/build.ts' },
  { what: 'the empty store', script: 'server/store/build-template.ts' },
];

export async function artefacts(root, node) {
  await Promise.all(
    BUILDERS.map(async ({ what, script }) => {
      try {
        const output = await run(`building ${what}`, node, [join(root, script)], { cwd: root });
        if (output.trim()) say(output.trim().replaceAll('\n', '\nbeamtime: '));
      } catch (error) {
        say(`${error.message}\nbeamtime: going on without ${what}`);
      }
    }),
  );
}
