import { z } from 'zod';
import { systemClock } from '../../engine/clock.ts';
import { examine } from '../../engine/doctor/index.ts';
import { engineFiles } from '../../engine/filenames.ts';
import { noticesOf } from '../../engine/notices.ts';
import { loadPreferences } from '../../engine/preferences.ts';
import { MembershipStore } from '../../engine/project/index.ts';
import { DoctorCheck } from '../../protocol/engine-api.ts';
import { ask } from '../api.ts';
import type { Command, Input } from '../command.ts';
import { findEngine } from '../endpoints.ts';
import { EXIT } from '../errors.ts';
import { dataFolder, dataOption } from '../folders.ts';
import { clean, type Terminal } from '../terminal.ts';

const MARKS = {
  ok: ['green', 'ok     '],
  warning: ['yellow', 'warning'],
  problem: ['red', 'problem'],
} as const;

export const doctor: Command = {
  name: 'doctor',
  summary: 'check this computer and say what to do where something is wrong',
  description: 'Works with and without a running engine. Ends with status 1 where a check found a problem.',
  options: {
    ...dataOption('engine'),
    fix: {
      value: 'NAME',
      help: 'have the running engine do what the check of that name can do about its finding',
    },
  },
  examples: ['beamtime doctor', 'beamtime doctor --fix disk'],
  exitCodes: { 4: '--fix: there is no such check, or nothing it could do by itself' },
  async run(input) {
    const name = input.text('fix');
    if (name !== undefined) return fix(input, name);
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
    for (const check of checks) show(terminal, check);
    return checks.some((check) => check.state === 'problem') ? EXIT.failed : EXIT.done;
  },
};

async function fix(input: Input, name: string): Promise<number> {
  const { check } = await ask(await findEngine(input), {
    method: 'POST',
    path: `/doctor/${encodeURIComponent(name)}/remedy`,
    schema: z.object({ check: DoctorCheck }),
    timeoutMs: 300_000,
  });
  input.terminal.document({ check });
  show(input.terminal, check);
  return check.state === 'problem' ? EXIT.failed : EXIT.done;
}

function show(terminal: Terminal, check: DoctorCheck): void {
  const [colour, word] = MARKS[check.state];
  terminal.say(`${terminal.style(colour, word)}  ${check.title}: ${clean(check.detail)}`);
  if (check.remedy) terminal.say(`         ${clean(check.remedy)}`);
  if (check.action) terminal.say(`         "beamtime doctor --fix ${check.name}" sees to it.`);
}
