import type { DoctorCheck, HistoryDay, ProjectView } from '../protocol/engine-api.ts';
import type { Preferences } from '../protocol/preferences.ts';
import { ControlError, type EngineControl } from './api/control.ts';
import type { Core } from './core.ts';
import { pauseFor, savePause } from './pause-file.ts';
import { savePreferences } from './preferences.ts';
import {
  type Invitation,
  InvitationError,
  type Membership,
  ProjectError,
  ProjectUnreachable,
  parseInvitation,
} from './project/index.ts';
import { diskTrouble } from './work/index.ts';

/** What clients of the local API may do with this engine. */
export class Control implements EngineControl {
  #core: Core;
  #stop: (finish: boolean) => void;
  #doctor: () => Promise<DoctorCheck[]>;

  /** @param stop ends the engine; it returns at once */
  constructor(core: Core, doctor: () => Promise<DoctorCheck[]>, stop: (finish: boolean) => void) {
    this.#core = core;
    this.#doctor = doctor;
    this.#stop = stop;
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

  async join(text: string): Promise<ProjectView> {
    let invitation: Invitation;
    try {
      invitation = parseInvitation(text);
    } catch (error) {
      if (!(error instanceof InvitationError)) throw error;
      throw new ControlError('invalid', error.message, error.place, { cause: error });
    }
    let joined: Membership;
    try {
      joined = await this.#core.join(invitation);
    } catch (error) {
      if (error instanceof ProjectUnreachable) {
        throw new ControlError('unreachable', error.message, null, { cause: error });
      }
      if (error instanceof ProjectError) {
        throw new ControlError('refused', error.message, null, { cause: error });
      }
      const words = diskTrouble(error);
      if (words) throw new ControlError('conflict', words, null, { cause: error });
      throw error;
    }
    const { keyFingerprint } = joined;
    const view = this.#core.options.store
      .get('projects')
      .find((one) => one.keyFingerprint === keyFingerprint);
    if (!view) throw new Error('joined, yet the project is not shown');
    return view;
  }

  async retry(): Promise<void> {
    this.#core.work.hurry();
  }

  doctor(): Promise<DoctorCheck[]> {
    return this.#doctor();
  }

  history(days: number): Promise<HistoryDay[]> {
    return this.#core.history.days(days);
  }

  console(unitId: string): Promise<string | null> {
    return this.#core.consoles.read(unitId);
  }

  preview = notYet;
  leave = notYet;
  setShares = notYet;
  power = notYet;
  remedy = notYet;
  report = notYet;
  units = notYet;
  share = notYet;
  log = notYet;

  async stop({ finish }: { finish: boolean }): Promise<void> {
    this.#stop(finish);
  }
}

/** The change holds for this life of the engine either way; the person hears when it will not hold longer. */
async function written(writing: Promise<void>): Promise<void> {
  try {
    await writing;
  } catch (error) {
    const words = diskTrouble(error);
    if (!words) throw error;
    throw new ControlError(
      'conflict',
      `this holds until the engine ends, but was not saved: ${words}`,
      null,
      {
        cause: error,
      },
    );
  }
}

async function notYet(): Promise<never> {
  throw new ControlError('not-yet', 'this engine cannot do that yet');
}
