import { systemClock } from '../../engine/clock.ts';
import { examine } from '../../engine/doctor/index.ts';
import { engineFiles } from '../../engine/filenames.ts';
import { noticesOf } from '../../engine/notices.ts';
import { loadPreferences } from '../../engine/preferences.ts';
import { MembershipStore } from '../../engine/project/index.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../errors.ts';
import { dataFolder, dataOption } from '../folders.ts';
import { clean } from '../terminal.ts';

const MARKS = {
  ok: ['green', 'ok     '],
  warning: ['yellow', 'warning'],
  problem: ['red', 'problem'],
} as const;

export const doctor: Command = {
  name: 'doctor',
  summary: 'check this computer and say what to do where something is wrong',
  description: 'Works with and without a running engine. Ends with status 1 where a check found a problem.',
  options: dataOption('engine'),
  async run(input) {
    const files = engineFiles(dataFolder('engine', input.text('data'), input.env));
    const memberships = new MembershipStore(files.membership);
    await memberships.load();
    const loaded = await loadPreferences(files.preferences);
    const checks = await examine({
      files,
      preferences: loaded.preferences,
      memberships: memberships.joined,
      notices: noticesOf({
        preferences: loaded.damagedAt,
        memberships: memberships.damagedAt,
        facts: null,
        history: null,
      }),
      clock: systemClock,
    });
    const { terminal } = input;
    terminal.document({ checks });
    for (const check of checks) {
      const [colour, word] = MARKS[check.state];
      terminal.say(`${terminal.style(colour, word)}  ${check.title}: ${clean(check.detail)}`);
      if (check.remedy) terminal.say(`         ${clean(check.remedy)}`);
    }
    return checks.some((check) => check.state === 'problem') ? EXIT.failed : EXIT.done;
  },
};
