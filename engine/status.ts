import type { StatusView } from '../protocol/engine-api.ts';
import type { Decision } from './cores/index.ts';

/** Everything the one sentence depends on. */
export interface StatusInputs {
  readonly decision: Decision;
  readonly cores: number;
  /** RFC 3339; null where no pause ends by itself. */
  readonly pausedUntil: string | null;
  readonly isStopping: boolean;
  readonly hasProject: boolean;
  /** Capsules that compute now (not paused, not only starting). */
  readonly computing: number;
  /** Units that are being fetched or started. */
  readonly preparing: number;
  /** Why the disk cannot be written. */
  readonly diskTrouble: string | null;
  /** Why no capsule that preferences allow can run here. */
  readonly noCapsule: string | null;
  readonly isMeasuring: boolean;
  /** Why the project cannot be talked to. */
  readonly trouble: string | null;
  /** Why it gives no work, in its words. */
  readonly noWork: string | null;
  /** All units this engine was asked to compute are taken. */
  readonly isAllowanceUsed: boolean;
}

/** What is happening and why, in one sentence. Pure; the first thing that explains it wins. */
export function statusView(now: StatusInputs): StatusView {
  const { decision } = now;
  const view = (state: StatusView['state'], reason: string): StatusView => ({
    state,
    reason,
    slots: decision.slots,
    cores: now.cores,
    pausedUntil: now.pausedUntil,
  });
  if (now.isStopping) return view('stopping', 'Stopping; finished work is kept');
  if (decision.state === 'paused') return view('paused', decision.reason);
  if (!now.hasProject)
    return view('attention', 'Join a project to begin: paste the invitation you were given');
  if (now.diskTrouble) return view('attention', sentence(now.diskTrouble));
  if (now.noCapsule) return view('attention', sentence(now.noCapsule));
  if (decision.slots === 0) return view('waiting', decision.reason);
  if (now.computing > 0) return view('computing', decision.reason);
  if (now.isMeasuring)
    return view('starting', 'Measuring what computes faster here; this takes a few seconds, once');
  if (now.preparing > 0) return view('starting', 'Preparing the next work unit');
  if (now.trouble) return view('offline', sentence(now.trouble));
  if (now.isAllowanceUsed) return view('waiting', 'All the work units asked for are computed');
  if (now.noWork) return view('waiting', `No work: ${now.noWork}`);
  if (!decision.transfers) return view('waiting', 'The network is metered: no work is fetched over it');
  return view('starting', 'Asking the project for work');
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
