import type { Logger } from '../platform/log.ts';
import type { Clock } from './clock.ts';
import type { Core } from './core.ts';
import { InvitationError, ProjectUnreachable, parseInvitation } from './project/index.ts';
import { backoffMs } from './work/policy.ts';

/**
 * Joins the project of an invitation given at start; while it cannot be reached, tries again and says so. An invitation
 * that can never work is told once, as the engine's trouble.
 */
export async function joinAtStart(
  core: Core,
  text: string,
  clock: Clock,
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  for (let failures = 1; !signal.aborted; failures++) {
    try {
      await core.join(parseInvitation(text));
      return;
    } catch (error) {
      log.warn({ err: error }, 'cannot join');
      core.noteJoinTrouble(error instanceof Error ? error.message : String(error));
      if (error instanceof InvitationError || !(error instanceof ProjectUnreachable)) return;
      await new Promise<void>((resolve) => {
        const cancel = clock.after(backoffMs(failures, Math.random()), done);
        signal.addEventListener('abort', done, { once: true });
        function done() {
          cancel();
          signal.removeEventListener('abort', done);
          resolve();
        }
      });
    }
  }
}
