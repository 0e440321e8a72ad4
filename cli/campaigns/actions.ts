import type { Entry } from '../commands.ts';

/** What staff do with a campaign after it was pushed: `beamtime campaigns ACTION`. */
export const CAMPAIGN_ACTIONS: readonly Entry[] = [
  {
    name: 'campaigns pause',
    summary: 'give out no more of a campaign until it is resumed (project staff)',
    load: async () => (await import('./states.ts')).pauseCommand,
  },
  {
    name: 'campaigns resume',
    summary: 'go on with a paused campaign (project staff)',
    load: async () => (await import('./states.ts')).resumeCommand,
  },
  {
    name: 'campaigns cancel',
    summary: 'end a campaign for good, keeping what is merged (project staff)',
    load: async () => (await import('./states.ts')).cancelCommand,
  },
  {
    name: 'campaigns extend',
    summary: 'ask for more events, or give another deadline (project staff)',
    load: async () => (await import('./extend.ts')).extendCommand,
  },
  {
    name: 'campaigns clone',
    summary: 'start a new campaign like another, with changes (project staff)',
    load: async () => (await import('./clone.ts')).cloneCommand,
  },
];
