import { ask } from '../api.ts';
import type { Command } from '../command.ts';
import { findEngine } from '../endpoints.ts';
import { UsageError } from '../errors.ts';
import { dataOption } from '../folders.ts';
import { duration, parseDuration } from '../words.ts';

const LONGEST_SECONDS = 31_536_000;

export const pause: Command = {
  name: 'pause',
  summary: 'pause the work, for a time or until you resume it',
  description: 'Nothing is lost: work units stop where they are and go on from there.',
  options: {
    ...dataOption('engine'),
    for: {
      value: 'TIME',
      help: 'go on by itself after this time, for example 30m, 1h or 1h30m (default: never)',
    },
  },
  examples: ['beamtime pause', 'beamtime pause --for 1h'],
  async run(input) {
    const text = input.text('for');
    const forSeconds = text === undefined ? null : parseDuration(text);
    if (forSeconds !== null && forSeconds > LONGEST_SECONDS)
      throw new UsageError('a pause lasts a year at most; leave --for out to pause until you resume');
    const engine = await findEngine(input);
    await ask(engine, { method: 'POST', path: '/pause', body: { forSeconds }, schema: null });
    input.terminal.document({ paused: true, forSeconds });
    input.terminal.say(
      forSeconds === null
        ? 'paused until "beamtime resume"'
        : `paused; goes on by itself in ${duration(forSeconds)}`,
    );
    return 0;
  },
};
