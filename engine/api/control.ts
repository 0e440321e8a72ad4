import type {
  CampaignShare,
  DoctorCheck,
  HistoryDay,
  HostAttach,
  HostDetach,
  JoinPreview,
  LeaveRequest,
  LogLine,
  LogQuery,
  PowerReport,
  ProjectView,
  ShareQuery,
  SharesRequest,
  UnitsPage,
  UnitsQuery,
} from '../../protocol/engine-api.ts';
import type { HostBelongs, HostOwner } from '../../protocol/people-api.ts';
import type { Preferences } from '../../protocol/preferences.ts';

/**
 * What a client may ask of the engine; control.ts implements it, the API calls it. Inputs were parsed by the
 * schemas of protocol/engine-api.ts. Whatever can go wrong for a reason the person can mend is thrown as a
 * ControlError; anything else thrown is a bug and is answered with 500.
 */
export interface EngineControl {
  /** @param forSeconds null: until resumed (also over a restart of the engine) */
  pause(forSeconds: number | null): Promise<void>;
  resume(): Promise<void>;
  /** Stores and applies at once. */
  setPreferences(preferences: Preferences): Promise<void>;
  /** What joining would mean; joins nothing. */
  preview(invitation: string): Promise<JoinPreview>;
  /**
   * @param invitation as the person pasted it, or the content of a .beamtime file (project/invitation.ts)
   * @param preset whether the preferences that the invitation proposes are taken
   */
  join(invitation: string, preset: boolean): Promise<ProjectView>;
  leave(request: LeaveRequest): Promise<void>;
  attach(request: HostAttach): Promise<HostOwner>;
  /** Whose this computer is at a project. */
  owner(request: HostDetach): Promise<HostBelongs>;
  /** Makes it nobody's. */
  detach(request: HostDetach): Promise<void>;
  setShares(shares: SharesRequest['shares']): Promise<void>;
  /** What the desktop shell knows; holds until the next one, or fades. */
  power(report: PowerReport): Promise<void>;
  /** Whatever waits for a project asks again now. */
  retry(): Promise<void>;
  doctor(): Promise<DoctorCheck[]>;
  /** Does what the check of that name can do about its finding, then checks again. null: there is no such check. */
  remedy(name: string): Promise<DoctorCheck | null>;
  /** Text for a person to send, without secrets. */
  report(): Promise<string>;
  /** The last `days` days, oldest first; days without work are left out. */
  history(days: number): Promise<HistoryDay[]>;
  units(query: UnitsQuery): Promise<UnitsPage>;
  share(query: ShareQuery): Promise<CampaignShare[]>;
  log(query: LogQuery): Promise<LogLine[]>;
  /** Console text of a running or recent work unit, by its id or ID@PROJECT; null when nothing is known of it. */
  console(unitId: string): Promise<string | null>;
  /**
   * Ends the engine; resolves when that is under way, before the API closes.
   * @param finish true: running units are computed and reported first, no new ones are taken
   */
  stop(options: { finish: boolean }): Promise<void>;
}

export type ControlErrorCode = 'invalid' | 'not-found' | 'conflict' | 'unreachable' | 'refused';

/** A request that cannot be done. `message` tells the person what to do; `place` is where in the input. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code: ControlErrorCode;
  readonly place: string | null;

  constructor(code: ControlErrorCode, message: string, place: string | null = null, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.place = place;
  }
}
