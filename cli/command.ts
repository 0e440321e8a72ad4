import { parseArgs } from 'node:util';
import { UsageError } from './errors.ts';
import type { Terminal } from './terminal.ts';

export interface OptionSpec {
  /** How its value is called in the help; absent: a switch. */
  readonly value?: string;
  readonly short?: string;
  readonly help: string;
}

/** One subcommand, in a file of its own below commands/. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** More for its own help, where a line is not enough. */
  readonly description?: string;
  readonly positionals?: {
    readonly name: string;
    readonly min: number;
    readonly max: number;
    readonly help: string;
  };
  readonly options?: Readonly<Record<string, OptionSpec>>;
  readonly examples?: readonly string[];
  /** Statuses that mean something particular here. */
  readonly exitCodes?: Readonly<Record<number, string>>;
  /** @returns the exit status */
  run(input: Input): Promise<number>;
}

/** Options of every command. */
export const COMMON_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  json: { help: 'print one JSON document instead of text' },
  help: { short: 'h', help: 'show this help' },
};

/** What a command works with: its arguments, read, and the world it may touch. */
export interface Input {
  readonly positionals: readonly string[];
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Fires on Ctrl-C, SIGTERM, SIGHUP, or when the process that started us is gone. */
  readonly stopping: AbortSignal;
  /** An option's value; undefined where it was not given. */
  text(option: string): string | undefined;
  flag(option: string): boolean;
}

/** @throws UsageError naming what is wrong and where the help is */
export function readArguments(
  command: Command,
  args: readonly string[],
): {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
} {
  const options = { ...command.options, ...COMMON_OPTIONS };
  const hint = `see "beamtime ${command.name} --help"`;
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: Object.fromEntries(
        Object.entries(options).map(([name, { value, short }]) => [
          name,
          {
            type: value === undefined ? 'boolean' : 'string',
            ...(short === undefined ? {} : { short }),
          } as const,
        ]),
      ),
    });
  } catch (cause) {
    const [first = ''] = (cause instanceof Error ? cause.message : String(cause)).split('. ');
    throw new UsageError(`${first.replace(/\.$/, '')}; ${hint}`, { cause });
  }
  if (parsed.values.help === true) return { values: { help: true }, positionals: [] };
  const { min = 0, max = 0, name = '' } = command.positionals ?? {};
  if (parsed.positionals.length < min)
    throw new UsageError(`"beamtime ${command.name}" needs ${name}; ${hint}`);
  if (parsed.positionals.length > max)
    throw new UsageError(`"${parsed.positionals[max]}" is one argument too many; ${hint}`);
  return {
    values: parsed.values as Record<string, string | boolean | undefined>,
    positionals: parsed.positionals,
  };
}
