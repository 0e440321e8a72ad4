import { Moment } from '../../protocol/primitives.ts';
import type { CampaignExtend } from '../../protocol/staff-api.ts';
import type { Command } from '../command.ts';
import { UsageError } from '../errors.ts';
import { parseDuration, parseWhole } from '../words.ts';
import { act, STAFF_OPTIONS } from './staff.ts';

export const extendCommand: Command = {
  name: 'campaigns extend',
  summary: 'ask for more events, or give another deadline (project staff)',
  description:
    'What is computed stays and counts. A complete campaign runs again; a paused one stays paused until it is resumed.',
  positionals: { name: 'CAMPAIGN', min: 1, max: 1, help: 'its name' },
  options: {
    events: { value: 'N', help: 'events for each point from now on, those there are included' },
    deadline: {
      value: 'WHEN',
      help: 'a moment (2026-12-24T18:00:00Z), a time from now (3d, 12h), or "none"',
    },
    ...STAFF_OPTIONS,
  },
  examples: [
    'beamtime campaigns extend z-line-shape --events 2000000',
    'beamtime campaigns extend z-line-shape --deadline 3d',
  ],
  run(input) {
    const events = input.text('events');
    const deadline = input.text('deadline');
    if (events === undefined && deadline === undefined)
      throw new UsageError('say what to extend: --events N, --deadline WHEN, or both');
    const change: CampaignExtend = {
      ...(events === undefined ? {} : { events: parseWhole('events', events, 1, Number.MAX_SAFE_INTEGER) }),
      ...(deadline === undefined ? {} : { deadline: parseDeadline(deadline, new Date()) }),
    };
    return act(input, input.positionals[0] ?? '', 'extend', change);
  },
};

/**
 * @returns a moment; null for "none"
 * @throws UsageError
 */
export function parseDeadline(text: string, now: Date): string | null {
  if (text === 'none') return null;
  if (Moment.safeParse(text).success) return text;
  try {
    return new Date(now.getTime() + parseDuration(text) * 1000).toISOString();
  } catch (cause) {
    throw new UsageError(
      `--deadline takes a moment in UTC such as 2026-12-24T18:00:00Z, a time from now such as 3d, or "none", not "${text}"`,
      { cause },
    );
  }
}
