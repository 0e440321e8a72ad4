import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '../../platform/files.ts';
import type { Command } from '../command.ts';
import { CliError, EXIT } from '../errors.ts';
import { phoenixEvents } from '../phoenix/convert.ts';
import { readHepmc } from '../phoenix/hepmc.ts';
import { count } from '../words.ts';

export const phoenix: Command = {
  name: 'phoenix',
  summary: 'make an event file (HepMC3) into one for the Phoenix event display',
  description:
    'Charged particles become tracks in a magnetic field, neutral ones calorimeter clusters, and jets are found by the Durham algorithm at y = 0.01. Open the result in any page that has the Phoenix event display.',
  positionals: { name: 'FILE', min: 1, max: 1, help: 'events.hepmc of a work unit' },
  options: {
    output: { value: 'FILE', short: 'o', help: 'write to this file (default: standard output)' },
  },
  examples: ['beamtime phoenix events.hepmc -o events.json'],
  async run(input) {
    const [file = ''] = input.positionals;
    const fail = (what: string) => (cause: unknown) => {
      throw new CliError(EXIT.failed, `cannot ${what}: ${cause instanceof Error ? cause.message : cause}`, {
        cause,
      });
    };
    const text = await readFile(file, 'utf8').catch(fail(`read ${file}`));
    let events: ReturnType<typeof readHepmc>;
    try {
      events = readHepmc(text);
    } catch (cause) {
      return fail(`read ${file}`)(cause);
    }
    const json = `${JSON.stringify(phoenixEvents(events))}\n`;
    const output = input.text('output');
    if (output === undefined) {
      input.terminal.raw(json);
      return 0;
    }
    await writeFileAtomic(output, json, 0o644).catch(fail(`write ${output}`));
    input.terminal.note(
      `wrote ${count(events.length)} ${events.length === 1 ? 'event' : 'events'} to ${output}`,
    );
    return 0;
  },
};
