import { COMMON_OPTIONS, type Command, type OptionSpec } from './command.ts';

const WIDTH = 88;

const EXIT_CODES: Readonly<Record<number, string>> = {
  0: 'done',
  1: 'failed',
  2: 'wrong usage',
  3: 'the engine or the project server is not running',
  4: 'refused, or the input is not right',
};

/** The list of all commands. */
export function generalHelp(
  commands: readonly { readonly name: string; readonly summary: string }[],
): string {
  return [
    'Beamtime: donate idle processor cores to particle physics',
    '',
    'Usage: beamtime COMMAND [OPTIONS]',
    '',
    columns(commands.map(({ name, summary }) => [name, summary])),
    '',
    'beamtime COMMAND --help tells more of one. Every command knows --json.',
    '',
    'Data is kept in one folder, which BEAMTIME_DATA overrides: the engine’s part below engine/, a project',
    'server’s below project/. --data FOLDER names the part’s own folder.',
    '',
  ].join('\n');
}

/** @param actions commands of two words that begin with its name */
export function commandHelp(
  command: Command,
  actions: readonly { readonly name: string; readonly summary: string }[] = [],
): string {
  const options = { ...command.options, ...COMMON_OPTIONS };
  const positional = command.positionals;
  const many = positional && positional.max > positional.min && positional.max > 1 ? '...' : '';
  const usage = positional
    ? positional.min > 0
      ? ` ${positional.name}${many}`
      : ` [${positional.name}${many}]`
    : '';
  const codes = { ...EXIT_CODES, ...command.exitCodes };
  const sections = [
    `Usage: beamtime ${command.name}${usage} [OPTIONS]\n\n${wrap(
      command.summary.replace(/^./, (c) => c.toUpperCase()),
      0,
    )}.`,
    command.description === undefined ? '' : wrap(command.description, 0),
    positional ? columns([[positional.name, positional.help]]) : '',
    actions.length > 0
      ? `Actions with options of their own ("beamtime ${command.name} ACTION --help")\n${columns(
          actions.map(({ name, summary }) => [name.slice(command.name.length + 1), summary]),
        )}`
      : '',
    `Options\n${columns(Object.entries(options).map(([name, spec]) => [optionName(name, spec), spec.help]))}`,
    command.examples ? `Examples\n${command.examples.map((line) => `  ${line}`).join('\n')}` : '',
    `Exit status\n${columns(Object.entries(codes).map(([code, text]) => [code, text]))}`,
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function optionName(name: string, spec: OptionSpec): string {
  return `${spec.short ? `-${spec.short}, ` : ''}--${name}${spec.value ? ` ${spec.value}` : ''}`;
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const first = Math.max(...rows.map(([name]) => name.length)) + 4;
  return rows.map(([name, text]) => `  ${name.padEnd(first - 2)}${wrap(text, first)}`).join('\n');
}

/** Breaks a text so that it fits when its first line begins at column `indent` and the others are indented so far. */
function wrap(text: string, indent: number): string {
  const lines = [''];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && indent + line.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}
