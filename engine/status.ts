import type { StatusCause, StatusView } from '../protocol/engine-api.ts';
import type { Decision } from './cores/index.ts';
import type { DiskTrouble } from './work/index.ts';

/** Everything the one sentence depends on. */
export interface StatusInputs {
  readonly decision: Decision;
  readonly cores: number;
  /** RFC 3339; null where no pause ends by itself. */
  readonly pausedUntil: string | null;
  readonly isStopping: boolean;
  /** What runs is computed and delivered, and that is all. */
  readonly isFinishing: boolean;
  readonly hasProject: boolean;
  /** Where the list of projects was put, which was damaged; null: it was not. */
  readonly projectsLostAt: string | null;
  /** Capsules that compute now (not paused, not only starting). */
  readonly computing: number;
  /** Units that are being fetched or started. */
  readonly preparing: number;
  /** Why the disk cannot be written. */
  readonly diskTrouble: DiskTrouble | null;
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
  const by = (state: StatusView['state'], reason: string, cause: StatusCause): StatusView => ({
    state,
    reason,
    cause,
    slots: decision.slots,
    cores: now.cores,
    pausedUntil: now.pausedUntil,
  });
  const view = (state: StatusView['state'], code: StatusCause['code'], reason: string, message?: string) =>
    by(state, reason, { code, values: message === undefined ? {} : { message } });
  const policy = (state: StatusView['state']) => by(state, decision.reason, decision.cause);
  const noProject = (lostAt: string | null) => {
    if (lostAt === null)
      return view('attention', 'no-project', 'Join a project to begin: paste the invitation you were given');
    const lost = `the list of your projects was damaged and is kept as ${lostAt}; join them again`;
    return view('attention', 'no-project', sentence(lost), lost);
  };
  if (now.isStopping) return view('stopping', 'stopping', 'Stopping; finished work is kept');
  if (decision.state === 'paused') return policy('paused');
  if (!now.hasProject) return noProject(now.projectsLostAt);
  if (now.diskTrouble) {
    const { why, words } = now.diskTrouble;
    return by('attention', sentence(words), { code: 'disk', values: { message: words, why } });
  }
  if (now.noCapsule) return view('attention', 'no-capsule', sentence(now.noCapsule), now.noCapsule);
  if (decision.slots === 0) return policy('waiting');
  if (now.isFinishing) return view('computing', 'finishing', 'Finishing what runs, then stopping');
  if (now.computing > 0) return policy('computing');
  if (now.isMeasuring)
    return view(
      'starting',
      'measuring',
      'Measuring what computes faster here; this takes a few seconds, once',
    );
  if (now.preparing > 0) return view('starting', 'preparing', 'Preparing the next work unit');
  if (now.trouble) return view('offline', 'offline', sentence(now.trouble), now.trouble);
  if (now.isAllowanceUsed)
    return view('waiting', 'allowance-used', 'All the work units asked for are computed');
  if (now.noWork) return view('waiting', 'no-work', `No work: ${now.noWork}`, now.noWork);
  if (!decision.transfers)
    return view('waiting', 'metered', 'The network is metered: no work is fetched over it');
  return view('starting', 'asking', 'Asking the project for work');
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
