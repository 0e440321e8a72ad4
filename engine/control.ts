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
} from '../protocol/engine-api.ts';
import type { HostBelongs, HostOwner } from '../protocol/people-api.ts';
import { Preferences } from '../protocol/preferences.ts';
import { ControlError, type EngineControl } from './api/control.ts';
import type { Core } from './core.ts';
import { HistoryError } from './history/index.ts';
import { pauseFor, savePause } from './pause-file.ts';
import { savePreferences } from './preferences.ts';
import {
  type Invitation,
  InvitationError,
  type Membership,
  ProjectError,
  ProjectRefused,
  ProjectUnreachable,
  parseInvitation,
} from './project/index.ts';
import { diskTrouble } from './work/index.ts';

export interface ControlOptions {
  readonly core: Core;
  readonly doctor: () => Promise<DoctorCheck[]>;
  /** Ends the engine; it returns at once. */
  readonly stop: (finish: boolean) => void;
  /** Of the local API: must not stand in what people send. */
  readonly token: () => string;
}

/** Lines of the log in a report. */
const REPORT_LINES = 200;

/** What clients of the local API may do with this engine. What is seldom asked is loaded when it is asked. */
export class Control implements EngineControl {
  readonly #core: Core;
  readonly #options: ControlOptions;

  constructor(options: ControlOptions) {
    this.#options = options;
    this.#core = options.core;
  }

  async pause(forSeconds: number | null): Promise<void> {
    const { clock, files } = this.#core.options;
    const pause =
      forSeconds === null
        ? { untilWallMs: null, untilMonotonicMs: null }
        : pauseFor(forSeconds * 1000, clock);
    // First the machine is left in peace; that it outlives a restart comes second.
    this.#core.setPause(pause);
    await written(savePause(files.machine, pause));
  }

  async resume(): Promise<void> {
    this.#core.setPause(null);
    await written(savePause(this.#core.options.files.machine, null));
  }

  async setPreferences(preferences: Preferences): Promise<void> {
    this.#core.setPreferences(preferences);
    await written(savePreferences(this.#core.options.files.preferences, preferences));
  }

  preview(text: string): Promise<JoinPreview> {
    const invitation = invitationOf(text);
    return talking(this.#core.preview(invitation));
  }

  async join(text: string, preset: boolean): Promise<ProjectView> {
    const invitation = invitationOf(text);
    // Before: this computer may be the last that may join by it.
    const preferences = preset ? await talking(this.#core.presetOf(invitation)) : {};
    const { keyFingerprint } = await talking(this.#core.join(invitation));
    if (Object.keys(preferences).length > 0)
      await this.setPreferences(Preferences.parse({ ...this.#core.preferences, ...preferences }));
    const views = this.#core.options.store.get('projects');
    const view = views.find((one) => one.keyFingerprint === keyFingerprint);
    if (!view) throw new Error('joined, yet the project is not shown');
    return view;
  }

  async leave({ project, work }: LeaveRequest): Promise<void> {
    this.#member(project);
    await saved(this.#core.leave(project, work));
  }

  async attach({ project, code }: HostAttach): Promise<HostOwner> {
    return talking(this.#clientOf(project).attach(code));
  }

  async owner({ project }: HostDetach): Promise<HostBelongs> {
    return talking(this.#clientOf(project).owner());
  }

  async detach({ project }: HostDetach): Promise<void> {
    return talking(this.#clientOf(project).detach());
  }

  #clientOf(project: string) {
    this.#member(project);
    const client = this.#core.desk.client(project);
    if (!client) throw notAMember(project);
    return client;
  }

  async setShares(shares: SharesRequest['shares']): Promise<void> {
    for (const project of Object.keys(shares)) this.#member(project);
    await saved(this.#core.setShares(new Map(Object.entries(shares))));
  }

  power(report: PowerReport): Promise<void> {
    return this.#core.setPower(report);
  }

  async retry(): Promise<void> {
    this.#core.drivers.reconsider();
    this.#core.work.hurry();
  }

  doctor(): Promise<DoctorCheck[]> {
    return this.#options.doctor();
  }

  async remedy(name: string): Promise<DoctorCheck | null> {
    const found = (await this.doctor()).find((check) => check.name === name);
    if (!found) return null;
    if (!found.action)
      throw new ControlError(
        'refused',
        `there is nothing the engine could do about "${found.title}" by itself`,
      );
    const { remedy } = await import('./remedies.ts');
    await saved(remedy(found.action, this.#core));
    return (await this.doctor()).find((check) => check.name === name) ?? null;
  }

  async report(): Promise<string> {
    const { reportText } = await import('./report.ts');
    const state = this.#core.options.store.snapshot();
    const [checks, lines] = await Promise.all([
      this.doctor(),
      this.log({ limit: REPORT_LINES, level: 'info' }),
    ]);
    const text = reportText({ state, checks, lines, atMs: this.#core.options.clock.now() });
    return (await this.#cleaner())(text);
  }

  history(days: number): Promise<HistoryDay[]> {
    return this.#core.history.days(days);
  }

  async units(query: UnitsQuery): Promise<UnitsPage> {
    try {
      return await this.#core.history.units(query);
    } catch (error) {
      if (error instanceof HistoryError)
        throw new ControlError('invalid', error.message, null, { cause: error });
      throw error;
    }
  }

  async share({ project, campaign }: ShareQuery): Promise<CampaignShare[]> {
    const client = this.#core.desk.client(project);
    if (!client) throw notAMember(project);
    const [detail, mine] = await Promise.all([
      talking(client.campaign(campaign)),
      this.#core.history.points(project, campaign),
    ]);
    const { shareOf } = await import('./share-view.ts');
    return shareOf(detail, mine);
  }

  async log({ unit, ...wish }: LogQuery): Promise<LogLine[]> {
    const { readLog } = await import('./log-lines.ts');
    const ids = unit === undefined ? null : new Set([unit, ...this.#core.leasesOf(unit)]);
    return readLog(this.#core.options.files.log, { ...wish, ids }, await this.#cleaner());
  }

  async console(unitId: string): Promise<string | null> {
    const { consoles, memberships } = this.#core;
    if (unitId.includes('@')) return consoles.read(unitId);
    for (const { keyFingerprint } of memberships.all) {
      const text = await consoles.read(`${unitId}@${keyFingerprint}`);
      if (text !== null) return text;
    }
    return null;
  }

  async stop({ finish }: { finish: boolean }): Promise<void> {
    this.#options.stop(finish);
  }

  #member(project: string): Membership {
    const membership = this.#core.memberships.byKey(project);
    if (!membership || membership.leaving !== null) throw notAMember(project);
    return membership;
  }

  async #cleaner(): Promise<(text: string) => string> {
    const { cleaner } = await import('./secrets.ts');
    return cleaner([this.#options.token(), ...this.#core.memberships.all.map(({ token }) => token)]);
  }
}

function notAMember(project: string): ControlError {
  return new ControlError(
    'not-found',
    `this computer has joined no project with the key ${project}`,
    'project',
  );
}

function invitationOf(text: string): Invitation {
  try {
    return parseInvitation(text);
  } catch (error) {
    if (!(error instanceof InvitationError)) throw error;
    throw new ControlError('invalid', error.message, error.place, { cause: error });
  }
}

/** What went wrong with a project, or with writing down what it said. */
async function talking<T>(talk: Promise<T>): Promise<T> {
  try {
    return await talk;
  } catch (error) {
    if (error instanceof ProjectUnreachable) {
      throw new ControlError('unreachable', error.message, null, { cause: error });
    }
    if (error instanceof ProjectRefused && error.status === 404) {
      throw new ControlError('not-found', error.message, error.place, { cause: error });
    }
    if (error instanceof ProjectError) {
      throw new ControlError('refused', error.message, null, { cause: error });
    }
    throw asConflict(error);
  }
}

/** Nothing has changed where it could not be written down. */
async function saved(saving: Promise<void>): Promise<void> {
  try {
    await saving;
  } catch (error) {
    throw asConflict(error);
  }
}

function asConflict(error: unknown): unknown {
  const trouble = diskTrouble(error);
  return trouble ? new ControlError('conflict', trouble.words, null, { cause: error }) : error;
}

/** The change holds for this life of the engine either way; the person hears when it will not hold longer. */
async function written(writing: Promise<void>): Promise<void> {
  try {
    await writing;
  } catch (error) {
    const trouble = diskTrouble(error);
    if (!trouble) throw error;
    throw new ControlError(
      'conflict',
      `this holds until the engine ends, but was not saved: ${trouble.words}`,
      null,
      {
        cause: error,
      },
    );
  }
}
