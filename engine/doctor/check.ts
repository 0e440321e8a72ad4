import type { DoctorAction, DoctorCheck } from '../../protocol/engine-api.ts';
import type { Preferences } from '../../protocol/preferences.ts';
import type { Clock } from '../clock.ts';
import type { EngineFiles } from '../filenames.ts';
import type { Notice } from '../notices.ts';
import type { Membership } from '../project/membership.ts';

/** What the checks look at. */
export interface DoctorContext {
  readonly files: EngineFiles;
  readonly preferences: Preferences;
  /** The projects joined. */
  readonly memberships: readonly Membership[];
  /** Files that were damaged when the engine started, and where they were put. */
  readonly notices: readonly Notice[];
  readonly clock: Clock;
}

export type Finding = Pick<DoctorCheck, 'state' | 'detail' | 'remedy' | 'action'>;

export interface Check {
  readonly name: string;
  readonly title: string;
  run(context: DoctorContext): Promise<Finding>;
}

export const ok = (detail: string): Finding => ({ state: 'ok', detail, remedy: null, action: null });
export const warning = (detail: string, remedy: string, action: DoctorAction | null = null): Finding => ({
  ...{ state: 'warning', detail, remedy, action },
});
export const problem = (detail: string, remedy: string, action: DoctorAction | null = null): Finding => ({
  ...{ state: 'problem', detail, remedy, action },
});
