import type { CampaignSpec, CampaignState } from '../../protocol/campaign.ts';

export type CampaignAction = 'pause' | 'resume' | 'cancel' | 'extend';

/**
 *     running --pause--> paused --resume--> running
 *     running, paused --cancel--> cancelled            for good: what is merged stays, nothing more is given out
 *     running, paused --all units done--> complete --extend--> running
 *
 * Doing what is done already changes nothing. @returns the state after it, or why it can not be done
 */
export function stateAfter(
  state: CampaignState,
  action: CampaignAction,
): { readonly state: CampaignState } | { readonly refused: string } {
  if (state === 'cancelled' && action !== 'cancel') {
    return { refused: 'is cancelled, and that is for good; clone it under another name' };
  }
  if (state === 'complete' && action !== 'extend') {
    return { refused: `is complete, so there is nothing to ${action}; extend it for more events` };
  }
  switch (action) {
    case 'pause':
      return { state: 'paused' };
    case 'resume':
      return { state: 'running' };
    case 'cancel':
      return { state: 'cancelled' };
    case 'extend':
      return { state: state === 'complete' ? 'running' : state };
  }
}

/** What people are shown: a campaign past its deadline gives no leases, so it is paused, and that is why. */
export function shownState(
  row: {
    readonly state: CampaignState;
    readonly reason: string | null;
    readonly deadline: Date | null;
    /** As long as it is on trial. */
    readonly canary: CampaignSpec['canary'] | null;
  },
  now: Date,
): { readonly state: CampaignState; readonly reason: string | null } {
  const { state, reason, deadline, canary } = row;
  if (state === 'complete') return { state, reason: null };
  if (state !== 'running') return { state, reason };
  const passed = passedDeadline(deadline, now);
  if (passed) return { state: 'paused', reason: deadlineWords(passed) };
  return { state, reason: canary ? canaryWords(canary) : null };
}

function canaryWords({ hosts, units }: NonNullable<CampaignSpec['canary']>): string {
  return `its release is new and goes to ${hosts} computers only, until ${units} work units are valid`;
}

/** @returns the deadline where it has passed */
export function passedDeadline(deadline: Date | null, now: Date): Date | null {
  return deadline && deadline.getTime() <= now.getTime() ? deadline : null;
}

export function deadlineWords(deadline: Date): string {
  return `its deadline, ${deadline.toISOString()}, has passed; extend it to a later one to go on`;
}
