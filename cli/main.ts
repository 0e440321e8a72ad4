/** The `beamtime` command. */
import { COMMANDS } from './commands.ts';
import { runCommandLine } from './run.ts';

await runCommandLine(COMMANDS, process.argv.slice(2));
