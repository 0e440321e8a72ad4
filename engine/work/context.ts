import type { Logger } from '../../platform/log.ts';
import type { FinishedUnit } from '../../protocol/engine-api.ts';
import type { Clock } from '../clock.ts';
import type { ObjectCache } from '../objects/cache.ts';
import type { MembershipStore } from '../project/membership.ts';
import type { Software } from '../software/index.ts';
import type { Desk } from './desk.ts';
import type { Fills } from './spool.ts';
import type { Turns } from './turns.ts';
import type { UsableKind } from './unit.ts';

/** What the steps of the work loops share. */
export interface WorkContext {
  readonly desk: Desk;
  readonly memberships: MembershipStore;
  readonly objects: ObjectCache;
  readonly software: Software;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Kinds of capsules this host can run, best first; may probe on first use. */
  readonly usableKinds: (project: string) => Promise<readonly UsableKind[]>;
  /** Whether downloads and uploads may go over the network now. */
  readonly mayTransfer: () => boolean;
  readonly turns: Turns;
  /** Counts units taken against the allowance; negative gives some back. */
  readonly taken: (units: number) => void;
  /** The project was asked for work; `reason`: why there is none though, in its words. */
  readonly projectAnswered: (project: string, reason: string | null) => void;
  /** The project had nothing to give: the others may ask. */
  readonly othersTurn: (project: string) => void;
  /** A project that was left is forgotten. */
  readonly forgotten: () => void;
  /** The host's token is not known any more: registers anew. */
  readonly rejoin: (project: string, signal: AbortSignal) => Promise<void>;
  /** Makes what is known of an ended run durable in the history. Idempotent by lease. */
  readonly record: (unit: FinishedUnit, cpuSeconds: number, fills: Fills | null) => Promise<void>;
}
