import { type Command, type Input, readArguments } from './command.ts';
import type { Entry } from './commands.ts';
import { CliError, EXIT, UsageError } from './errors.ts';
import { commandHelp, generalHelp } from './help.ts';
import { makeTerminal } from './terminal.ts';

async function main(commands: readonly Entry[], args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const about = rest[0];
    if (name === 'help' && about !== undefined) return main(commands, [...rest, '--help']);
    process.stdout.write(generalHelp(commands));
    return name === undefined ? EXIT.usage : EXIT.done;
  }
  const entry = commands.find((one) => one.name === name);
  if (!entry) throw new UsageError(`"${name}" is not a command; "beamtime --help" lists them`);
  const action = entry.actions?.find((one) => one.name === `${name} ${rest[0]}`);
  const command: Command = await (action ?? entry).load();
  const { values, positionals } = readArguments(command, action ? rest.slice(1) : rest);
  if (values.help === true) {
    process.stdout.write(commandHelp(command, action ? [] : entry.actions));
    return EXIT.done;
  }
  const input: Input = {
    positionals,
    terminal: makeTerminal(process.stdout, process.stderr, { json: values.json === true, env: process.env }),
    env: process.env,
    stopping: stopSignal(),
    text: (option) => (typeof values[option] === 'string' ? values[option] : undefined),
    flag: (option) => values[option] === true,
  };
  return command.run(input);
}

/** 'disconnect': we were forked by a process that is gone, however it went. */
function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  const interrupt = () => {
    // The second time means: at once.
    if (stopping.signal.aborted) process.exit(130);
    stopping.abort();
  };
  for (const event of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(event, interrupt);
  process.on('disconnect', () => stopping.abort());
  return stopping.signal;
}

function report(error: unknown, json: boolean): number {
  const exitCode = error instanceof CliError ? error.exitCode : EXIT.failed;
  // Anything else is a fault of ours: the stack helps to mend it.
  const message =
    error instanceof CliError
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
  if (json) process.stdout.write(`${JSON.stringify({ error: { exitCode, message } })}\n`);
  else process.stderr.write(`beamtime: ${message}\n`);
  return exitCode;
}

/** Finds the subcommand, reads its arguments, runs it, and turns errors into words and the exit status. */
export async function runCommandLine(commands: readonly Entry[], args: readonly string[]): Promise<void> {
  // Who reads us has seen enough ("beamtime results ... | head"): that is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(EXIT.done);
  });
  process.exitCode = await main(commands, args).catch((error: unknown) =>
    report(error, args.includes('--json')),
  );
  // A channel to the process that forked us would keep us alive.
  if (process.connected) process.disconnect();
}
