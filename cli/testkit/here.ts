import { type Command, readArguments } from '../command.ts';
import { CliError } from '../errors.ts';
import { makeTerminal } from '../terminal.ts';
import type { Ran } from './run.ts';

/** Runs a command in this process: as makeHome().run(), at a tenth of its cost. @param env all that it sees of it */
export async function runHere(
  command: Command,
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []];
  const into = (texts: string[]) => ({
    write: (data: string | Uint8Array, taken?: () => void) => {
      texts.push(typeof data === 'string' ? data : Buffer.from(data).toString('utf8'));
      taken?.();
    },
  });
  let code: number;
  try {
    const { values, positionals } = readArguments(command, args);
    code = await command.run({
      positionals,
      terminal: makeTerminal(into(out), into(err), { json: values.json === true, env }),
      env,
      stopping: new AbortController().signal,
      text: (option) => (typeof values[option] === 'string' ? values[option] : undefined),
      flag: (option) => values[option] === true,
    });
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    code = error.exitCode;
    err.push(`beamtime: ${error.message}\n`);
  }
  return { code, out: out.join(''), err: err.join('') };
}
