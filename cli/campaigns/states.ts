import type { Command } from '../command.ts';
import { act, REASON_OPTION, STAFF_OPTIONS } from './staff.ts';

const CAMPAIGN = { name: 'CAMPAIGN', min: 1, max: 1, help: 'its name' } as const;

export const pauseCommand: Command = {
  name: 'campaigns pause',
  summary: 'give out no more of a campaign until it is resumed (project staff)',
  description: 'What computers have in hand they finish; it is checked, merged and credited as ever.',
  positionals: CAMPAIGN,
  options: { ...REASON_OPTION, ...STAFF_OPTIONS },
  examples: ['beamtime campaigns pause z-line-shape --reason "the tune is looked at again"'],
  run: (input) => act(input, input.positionals[0] ?? '', 'pause', { reason: input.text('reason') ?? null }),
};

export const resumeCommand: Command = {
  name: 'campaigns resume',
  summary: 'go on with a paused campaign (project staff)',
  description:
    'One that its canary has stopped goes to all computers then. Past its deadline a campaign needs a later one first: ' +
    'see "beamtime campaigns extend --help".',
  positionals: CAMPAIGN,
  options: STAFF_OPTIONS,
  examples: ['beamtime campaigns resume z-line-shape'],
  run: (input) => act(input, input.positionals[0] ?? '', 'resume', {}),
};

export const cancelCommand: Command = {
  name: 'campaigns cancel',
  summary: 'end a campaign for good, keeping what is merged (project staff)',
  description:
    'Nothing more is given out. What computers have in hand they may finish, and what can be confirmed is merged and ' +
    'credited. A cancelled campaign can not be resumed, only cloned; to stop for a while, pause it.',
  positionals: CAMPAIGN,
  options: { ...REASON_OPTION, ...STAFF_OPTIONS },
  examples: ['beamtime campaigns cancel z-line-shape --reason "wrong beam energy"'],
  run: (input) => act(input, input.positionals[0] ?? '', 'cancel', { reason: input.text('reason') ?? null }),
};
