/**
 * `beamtime engine` alone. `npm start` runs the bundle of it (electron/bundling): one minified program with little around it
 * takes half the memory of the sources (bench idle), and an engine runs all day.
 */
import { runCommandLine } from './run.ts';

const engine = {
  name: 'engine',
  summary: 'run the engine in the foreground',
  load: async () => (await import('./commands/engine.ts')).engine,
};

await runCommandLine([engine], process.argv.slice(2));
