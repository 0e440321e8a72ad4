import { z } from 'zod';
import type { ShellSettings } from '../../protocol/shell.ts';
import type { EngineView } from '../engine/view.ts';

/** What the person has been told already, so that it is told once. */
export const Told = z.strictObject({
  /** That a closed window is not the end. */
  hiding: z.boolean().default(false),
  firstValidated: z.boolean().default(false),
  /** The highest milestone, in valid events; null: this shell has not met an engine yet. */
  milestone: z.number().nullable().default(null),
});
export type Told = z.infer<typeof Told>;

export type Notice =
  | { readonly kind: 'firstValidated' }
  | { readonly kind: 'milestone'; readonly events: number }
  | { readonly kind: 'attention'; readonly reason: string };

const FIRST_MILESTONE = 1000;
/** Trouble that mends itself within this is nobody's business. */
export const ATTENTION_AFTER_MS = 20_000;

/** The highest power of ten at or below, from a thousand on; 0 where there is none. */
export function milestoneOf(events: number): number {
  let milestone = 0;
  for (let next = FIRST_MILESTONE; next <= events; next *= 10) milestone = next;
  return milestone;
}

/**
 * What to tell after a change of the engine's view, and what has been told then. Pure. What was switched off counts as
 * told: switching it on later does not bring up the past.
 */
export function contributionNotices(
  told: Told,
  view: EngineView,
  notify: ShellSettings['notify'],
): { readonly notices: readonly Notice[]; readonly told: Told } {
  const { contribution } = view;
  if (!contribution) return { notices: [], told };
  const notices: Notice[] = [];
  const reached = milestoneOf(contribution.eventsValid);
  const isFirst = contribution.unitsValid > 0 && !told.firstValidated;
  // A history from before this shell: it is known, not news.
  const isNews = told.milestone !== null;
  if (isFirst && isNews && notify.firstValidated) notices.push({ kind: 'firstValidated' });
  if (isNews && reached > (told.milestone ?? 0) && notify.milestone)
    notices.push({ kind: 'milestone', events: reached });
  const after: Told = {
    ...told,
    firstValidated: told.firstValidated || contribution.unitsValid > 0,
    milestone: Math.max(told.milestone ?? 0, reached),
  };
  const isSame = after.firstValidated === told.firstValidated && after.milestone === told.milestone;
  return { notices, told: isSame ? told : after };
}
