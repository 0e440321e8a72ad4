import type { Logger } from '../../platform/log.ts';
import type { FinishedUnit } from '../../protocol/engine-api.ts';
import type { Clock } from '../clock.ts';
import type { ObjectCache } from '../objects/cache.ts';
import type { MembershipStore } from '../project/membership.ts';
import type { Desk } from './desk.ts';
import type { Demand } from './policy.ts';
import type { UsableKind } from './unit.ts';

/** What the steps of the work loops share. */
export interface WorkContext {
  readonly desk: Desk;
  readonly memberships: MembershipStore;
  readonly objects: ObjectCache;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Kinds of capsules this host can run, best first; may probe on first use. */
  readonly usableKinds: () => Promise<readonly UsableKind[]>;
  /** Whether downloads and uploads may go over the network now. */
  readonly mayTransfer: () => boolean;
  readonly demand: () => Pick<Demand, 'slots' | 'coresAllowed' | 'bufferPerCore' | 'allowance'>;
  /** Counts units taken against the allowance; negative gives some back. */
  readonly taken: (units: number) => void;
  /** Talking to the current project worked; `reason`: why there is no work though, in its words. */
  readonly projectAnswered: (reason: string | null) => void;
  /** The host's token is not known any more: registers anew. */
  readonly rejoin: (signal: AbortSignal) => Promise<void>;
  /** Makes what is known of an ended run durable in the history. Idempotent by lease. */
  readonly record: (unit: FinishedUnit, cpuSeconds: number, projectKey: string) => Promise<void>;
}
