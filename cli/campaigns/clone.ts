import { parse, YAMLParseError } from 'yaml';
import { Json } from '../../protocol/primitives.ts';
import type { CampaignClone } from '../../protocol/staff-api.ts';
import type { Command } from '../command.ts';
import { UsageError } from '../errors.ts';
import { act, STAFF_OPTIONS } from './staff.ts';

export const cloneCommand: Command = {
  name: 'campaigns clone',
  summary: 'start a new campaign like another, with changes (project staff)',
  description:
    'The new campaign begins with no events. KEY=VALUE sets a key of the campaign’s document, KEY.NAME=VALUE one below it; ' +
    'values are written as in YAML, and null leaves the key out. Equal seeds and parameters give equal events: ' +
    'change the seed where the clone is to be independent.',
  positionals: {
    name: 'CAMPAIGN NEW-NAME KEY=VALUE',
    min: 2,
    max: 100,
    help: 'the campaign there is, the name of the new one, and what is to be different',
  },
  options: STAFF_OPTIONS,
  examples: [
    'beamtime campaigns clone z-line-shape z-again seed=1000',
    "beamtime campaigns clone z-line-shape z-wide 'sweep.energyGeV=[86, 96]' 'title=Far from the Z'",
    'beamtime campaigns clone z-line-shape z-0.4 version=0.4.0 deadline=null',
  ],
  run(input) {
    const [from = '', name = '', ...changes] = input.positionals;
    return act(input, from, 'clone', { name, changes: parseChanges(changes) });
  },
};

/** @throws UsageError */
export function parseChanges(words: readonly string[]): CampaignClone['changes'] {
  return Object.fromEntries(
    words.map((word) => {
      const equals = word.indexOf('=');
      if (equals < 1)
        throw new UsageError(`"${word}" says not what to change; write KEY=VALUE, for example seed=7`);
      return [word.slice(0, equals), readValue(word, word.slice(equals + 1))];
    }),
  );
}

function readValue(word: string, text: string): CampaignClone['changes'][string] {
  try {
    return Json.parse(parse(text) ?? null);
  } catch (cause) {
    const why =
      cause instanceof YAMLParseError ? (cause.message.split('\n')[0] ?? '') : 'it is no plain value';
    throw new UsageError(
      `"${word}": ${why}; write the value as in YAML, in quotes where it is text with signs`,
      {
        cause,
      },
    );
  }
}
