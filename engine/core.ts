import os from 'node:os';
import type { Logger } from '../platform/log.ts';
import type { FinishedUnit, JoinPreview, PowerReport } from '../protocol/engine-api.ts';
import { FINISHED_KEPT } from '../protocol/engine-api.ts';
import type { Preset } from '../protocol/invitation.ts';
import type { Preferences } from '../protocol/preferences.ts';
import type { HostRegistration } from '../protocol/project-api.ts';
import { Calibrator } from './calibration/index.ts';
import { CapsuleChoice } from './capsule-choice.ts';
import { capsuleSources } from './capsule-sources.ts';
import { capsuleUse } from './capsule-use.ts';
import type { CapsuleKind } from './capsules/capsule.ts';
import type { Clock } from './clock.ts';
import { CoresMonitor, type Decision, type Pause } from './cores/index.ts';
import type { EngineFiles } from './filenames.ts';
import { type Fills, History, type Totals } from './history/index.ts';
import { ObjectCache } from './objects/index.ts';
import {
  type Invitation,
  joinProject,
  type Membership,
  MembershipStore,
  masterKeyFingerprint,
  ProjectClient,
  ProjectUnreachable,
  previewProject,
  SoftwareRefused,
} from './project/index.ts';
import { Throttle } from './project/throttle.ts';
import { Consoles } from './slots/consoles.ts';
import { DriverPool } from './slots/drivers.ts';
import { HistogramBook } from './slots/live-histograms.ts';
import { RateMeter } from './slots/rate-meter.ts';
import { Supervisor } from './slots/supervisor.ts';
import { programTree, Software } from './software/index.ts';
import type { StateStore } from './state.ts';
import { statusView } from './status.ts';
import { FinishedList, isShown, overallTalk, type ProjectTalk, projectView, runningUnits } from './views.ts';
import { Desk, isUndelivered, isUnfinished, neededObjects, Spool, Turns, Work } from './work/index.ts';

export interface CoreOptions {
  readonly files: EngineFiles;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: () => number;
  readonly cores: number;
  readonly maxUnits: number | null;
  /** Stands above the preferences for this life. */
  readonly capsule: CapsuleKind | null;
  /** At least one slot, unless the person paused. */
  readonly insist: boolean;
  readonly version: string;
  readonly preferences: Preferences;
  readonly pause: Pause | null;
  readonly store: StateStore;
}

/** What changes within this long is published together. */
const PUBLISH_MS = 50;
/** What the answer to a shell that says the machine goes to sleep waits for at most. */
const PAUSE_WITHIN_MS = 2_000;
/** While capsules compute, rates and sums are brought up to date this often. */
const REFRESH_MS = 1_000;
/** What repositories are read through; a piece of a large file may have half of it. */
const LEAST_SOFTWARE_BYTES = 32_000_000;
/** A host that the server does not know any more registers anew, but not over and over. */
const REJOIN_EVERY_MS = 10 * 60_000;

/**
 * The parts of the engine, wired: cores decide how many slots, the supervisor fills them with units from the desk,
 * the work loops carry units in and out, the store tells clients. Nothing here decides anything by itself.
 */
export class Core {
  readonly options: CoreOptions;
  readonly memberships: MembershipStore;
  readonly desk: Desk;
  readonly turns: Turns;
  readonly work: Work;
  readonly drivers: DriverPool;
  readonly calibrator: Calibrator;
  readonly choice: CapsuleChoice;
  readonly supervisor: Supervisor;
  readonly monitor: CoresMonitor;
  readonly history: History;
  readonly consoles: Consoles;
  readonly objects: ObjectCache;
  preferences: Preferences;
  #histograms = new HistogramBook();
  #histogramsChanged = false;
  #meter = new RateMeter();
  #finished = new FinishedList();
  #totals: Totals | null = null;
  #allowance: number | null;
  #pause: Pause | null;
  #isStopping = false;
  #isFinishing = false;
  #rejoinedAtMs = new Map<string, number>();
  #joinTrouble: string | null = null;
  #cancelPublish: (() => void) | null = null;
  #cancelRefresh: (() => void) | null = null;
  #throttle: Throttle;
  #stop = new AbortController();

  constructor(options: CoreOptions) {
    const { files, log, clock, random, store } = options;
    this.options = options;
    this.preferences = options.preferences;
    this.#pause = options.pause;
    this.#allowance = options.maxUnits;
    this.#throttle = new Throttle(() => this.preferences.networkLimitKbps, clock);
    this.memberships = new MembershipStore(files.membership);
    this.history = new History(files.history, log, clock);
    this.consoles = new Consoles(files.consoles, log);
    const publish = () => this.publishSoon();
    const diskBytes = () => this.preferences.diskLimitMb * 1_000_000;
    const software = new Software({
      folder: files.software,
      quotaBytes: () => Math.max(LEAST_SOFTWARE_BYTES, diskBytes() / 4),
      pace: (bytes, signal) => this.#throttle.take(bytes, signal),
    });
    const sources = capsuleSources({
      files,
      log,
      signal: this.#stop.signal,
      project: (key) => {
        const membership = this.memberships.byKey(key);
        const client = this.desk.client(key);
        return membership && client ? { membership, client } : undefined;
      },
      objects: () => this.objects,
      software,
      accelerator: () => this.preferences.accelerator,
    });
    this.objects = new ObjectCache({
      folder: files.objects,
      limitBytes: () => diskBytes() - software.usedBytes,
      needed: () => new Set([...neededObjects(this.desk.units.values()), ...sources.needed()]),
      clock,
      log,
    });
    this.desk = new Desk({
      spool: new Spool(files.spool, log),
      memberships: this.memberships,
      connect: (membership) => this.connect(membership.url, membership.token),
      clock,
      random,
      log,
      onChange: () => {
        this.work.poke();
        this.supervisor.poke();
        this.#considerMeasuring();
        this.publishSoon();
      },
    });
    this.drivers = new DriverPool({
      sources: sources.list,
      preference: () => this.#preferredCapsule,
      clock,
      random,
      log,
      onViews: (views) => store.set('capsules', [...views]),
      onUsable: () => void this.choice.changed(),
    });
    this.calibrator = new Calibrator({
      driver: (kind, project) => this.drivers.driver(kind, project),
      facts: (kind, project) => this.drivers.facts(kind, project),
      file: files.machine,
      clock,
      log,
      onChange: () => {
        this.#giveSlots();
        this.#considerMeasuring();
        this.publishSoon();
      },
    });
    this.choice = new CapsuleChoice({
      desk: this.desk,
      drivers: this.drivers,
      calibrator: this.calibrator,
      preference: () => this.#preferredCapsule,
    });
    this.supervisor = new Supervisor({
      desk: this.desk,
      drivers: this.drivers,
      consoles: this.consoles,
      histograms: this.#histograms,
      clock,
      log,
      preferred: (unit) => this.choice.for(unit),
      openTree: async ({ release, spooled }, signal) => {
        const member = this.memberships.byKey(spooled.project);
        return release && member ? programTree(release, member, software, signal) : null;
      },
      onEvents: (events) => this.#meter.add(clock.monotonic(), events),
      onComputed: (project, cpuSeconds) => this.turns.computed(project, cpuSeconds),
      onLive: (event) => store.set('lastEvent', event),
      onHistograms: () => {
        this.#histogramsChanged = true;
      },
      onChange: () => {
        this.#tellMonitor();
        this.publishSoon();
      },
    });
    this.turns = new Turns({
      desk: this.desk,
      memberships: this.memberships,
      demand: () => ({
        slots: this.#isFinishing ? 0 : this.decision.slots,
        coresAllowed: Math.min(this.preferences.maxCores ?? options.cores, options.cores),
        bufferPerCore: this.preferences.bufferPerCore,
        allowance: this.#allowance,
      }),
      file: files.machine,
      log,
    });
    this.work = new Work({
      clock,
      random,
      log,
      onChange: publish,
      context: {
        desk: this.desk,
        memberships: this.memberships,
        objects: this.objects,
        software,
        clock,
        random,
        log,
        usableKinds: (project) => this.drivers.usable(project),
        mayTransfer: () => this.decision.transfers,
        turns: this.turns,
        taken: (units) => {
          if (this.#allowance !== null) this.#allowance = Math.max(0, this.#allowance - units);
        },
        rejoin: (project, signal) => this.#rejoin(project, signal),
        record: (unit, cpuSeconds, fills) => this.#record(unit, cpuSeconds, fills),
      },
    });
    this.monitor = new CoresMonitor({
      preferences: this.preferences,
      pause: this.#pause,
      capsuleUse: () => capsuleUse(this.supervisor.slots, this.calibrator.measuring),
      onDecision: () => this.#onDecision(),
      onCores: (cores) => store.set('cores', [...cores]),
      clock,
    });
  }

  get decision(): Decision {
    const { decision } = this.monitor;
    if (!this.options.insist || decision.slots > 0 || decision.state === 'paused') return decision;
    if (decision.cause.code === 'suspended') return decision;
    return {
      ...decision,
      slots: 1,
      state: 'computing',
      reason: 'One core, as you asked',
      cause: { code: 'insist', values: {} },
    };
  }

  get pause(): Pause | null {
    return this.#pause;
  }

  get registration(): HostRegistration {
    return {
      cores: this.options.cores,
      os: `${os.type()} ${os.release()} ${os.arch()}`.slice(0, 60),
      engineVersion: this.options.version,
    };
  }

  connect(url: string, token: string | null): ProjectClient {
    return new ProjectClient({ url, token, clock: this.options.clock, throttle: this.#throttle });
  }

  /** Takes up what the last life left, and begins. */
  async start(): Promise<void> {
    await this.memberships.load();
    await this.desk.load();
    // What is still in hand from the last life was asked for then: it is part of what may be taken.
    const inHand = this.desk.list(isUnfinished).length + this.desk.list(isUndelivered).length;
    if (this.#allowance !== null) this.#allowance = Math.max(0, this.#allowance - inHand);
    await Promise.all([this.#readHistory(), this.calibrator.load(), this.turns.load()]);
    this.work.open();
    this.publish();
    await this.monitor.start();
  }

  /** Gives up every unit that has not finished, for the given reason, and tells the project. */
  async abandonUnfinished(reason: string): Promise<void> {
    for (const unit of this.desk.list(isUnfinished))
      await this.desk.apply(unit, { event: 'abandoned', reason, tell: true });
  }

  /**
   * Joins the project of the invitation, beside those joined already.
   * @throws ProjectError
   */
  async join(invitation: Invitation): Promise<Membership> {
    const joined = await joinProject(
      invitation,
      this.registration,
      this.memberships.byKey(invitation.keyFingerprint),
      (url, token) => this.connect(url, token),
    );
    const membership = await this.memberships.join(joined, this.options.clock.now());
    this.#joinTrouble = null;
    this.drivers.reconsider();
    this.options.log.info({ project: membership.name, url: membership.url }, 'joined');
    this.work.hurry();
    this.publish();
    return membership;
  }

  /** @throws ProjectError */
  preview(invitation: Invitation): Promise<JoinPreview> {
    const known = this.memberships.byKey(invitation.keyFingerprint);
    return previewProject(invitation, known?.leaving === null, (url, token) => this.connect(url, token));
  }

  /** The preferences that an invitation proposes. @throws ProjectError */
  async presetOf({ url, code }: Invitation): Promise<Preset> {
    return code === null ? {} : (await this.connect(url, null).invitedTo(code)).preferences;
  }

  /** Leases by which this host knows a work unit, as far as it remembers. */
  leasesOf(unitId: string): string[] {
    const inHand = this.desk.list(({ spooled }) => spooled.lease.unitId === unitId);
    const ended = this.#finished.list().filter((unit) => unit.unitId === unitId);
    return [...inHand, ...ended].map(({ leaseId }) => leaseId);
  }

  /** What is in hand is finished or given back by the work loops; a crash on the way changes nothing about that. */
  async leave(project: string, work: 'finish' | 'give-back'): Promise<void> {
    await this.memberships.leave(project, work);
    this.options.log.info({ project, work }, 'left');
    this.work.hurry();
    this.supervisor.poke();
    this.publish();
  }

  async setShares(shares: ReadonlyMap<string, number>): Promise<void> {
    await this.memberships.setShares(shares);
    this.work.poke();
    this.publish();
  }

  /** For a join at start that goes on trying: why it has not worked yet. */
  noteJoinTrouble(message: string | null): void {
    this.#joinTrouble = message;
    this.publishSoon();
  }

  setPause(pause: Pause | null): void {
    this.#pause = pause;
    this.monitor.setPause(pause);
    if (!pause) this.work.hurry();
    this.publish();
  }

  /** @returns when what must pause at once (the machine goes to sleep) has */
  async setPower(report: PowerReport): Promise<void> {
    this.monitor.setPower(report);
    if (!report.suspending) return;
    const computes = () => this.supervisor.slots.some(({ phase }) => phase === 'running');
    for (let waited = 0; computes() && waited < PAUSE_WITHIN_MS; waited += PUBLISH_MS)
      await new Promise<void>((resolve) => this.options.clock.after(PUBLISH_MS, resolve));
    this.publish();
  }

  setPreferences(preferences: Preferences): void {
    if (preferences.accelerator !== this.preferences.accelerator) void this.drivers.reset('qemu');
    this.preferences = preferences;
    this.options.store.set('preferences', preferences);
    this.drivers.reconsider();
    this.monitor.setPreferences(preferences);
    void this.choice.changed();
    this.work.poke();
    this.supervisor.poke();
    this.publish();
  }

  /** Computes what runs to its end and delivers it, takes nothing new. Resolves when done or when it cannot be. */
  async finish(): Promise<void> {
    this.#isFinishing = true;
    await this.calibrator.close();
    await this.supervisor.finish();
    await this.abandonUnfinished('this computer stops computing');
    const isOwed = () =>
      this.desk
        .list((unit) => isUndelivered(unit) || unit.state.state === 'abandoned')
        .some(({ spooled }) => this.#takesResults(spooled.project));
    while (isOwed() && !this.desk.diskTrouble && !this.#stop.signal.aborted) {
      await new Promise<void>((resolve) => this.options.clock.after(100, resolve));
    }
  }

  /** As far as is known. Results are delivered also where its software is refused. */
  #takesResults(project: string): boolean {
    const trouble = this.work.troubleOf(project);
    return trouble === null || trouble instanceof SoftwareRefused;
  }

  /** Everything ends; all that was computed is in the spool. */
  async close(): Promise<void> {
    this.#isStopping = true;
    this.publish();
    this.#stop.abort();
    this.monitor.stop();
    await Promise.all([this.work.close(), this.calibrator.close(), this.supervisor.close()]);
    await this.drivers.close();
    this.desk.close();
    this.#cancelPublish?.();
    this.#cancelRefresh?.();
    await this.history.close();
  }

  publishSoon(): void {
    if (this.#isStopping || this.#cancelPublish) return;
    this.#cancelPublish = this.options.clock.after(PUBLISH_MS, () => {
      this.#cancelPublish = null;
      this.publish();
    });
  }

  publish(): void {
    const { store, clock } = this.options;
    const { slots } = this.supervisor;
    const units = this.desk.list();
    store.set('calibrations', this.calibrator.views(this.#preferredCapsule));
    store.set('running', runningUnits(slots, units));
    store.set('finished', this.#finished.list());
    store.set(
      'projects',
      this.memberships.all
        .map((membership) =>
          projectView(
            membership,
            this.#talkWith(membership.keyFingerprint),
            units.filter(({ spooled }) => spooled.project === membership.keyFingerprint),
          ),
        )
        .filter(isShown),
    );
    store.set('contribution', {
      ...(this.#totals ?? store.get('contribution')),
      eventsPerSecond: this.#meter.rate(clock.monotonic()),
    });
    if (this.#histogramsChanged) {
      this.#histogramsChanged = false;
      const view = this.#histograms.view();
      store.set('histograms', view?.histograms ?? null);
      store.set('filled', view?.filled ?? null);
    }
    const computing = slots.filter((slot) => slot.phase === 'running').length;
    const talks = this.memberships.joined
      .filter(({ share }) => share > 0)
      .map(({ keyFingerprint }) => this.#talkWith(keyFingerprint));
    const isMoving = (state: string) => state === 'leased' || state === 'fetching' || state === 'ready';
    store.set(
      'status',
      statusView({
        decision: this.decision,
        cores: this.options.cores,
        pausedUntil: pausedUntil(this.#pause, this.decision),
        isStopping: this.#isStopping,
        hasProject: this.memberships.joined.length > 0 || units.some(isUnfinished),
        projectsLostAt: this.memberships.damagedAt,
        isFinishing: this.#isFinishing,
        computing,
        preparing:
          slots.filter((slot) => slot.phase === 'starting').length +
          units.filter(({ state }) => isMoving(state.state)).length,
        diskTrouble: this.desk.diskTrouble,
        noCapsule: this.drivers.whyNone(),
        isMeasuring: this.calibrator.measuring !== null,
        ...overallTalk(talks, this.#joinTrouble),
        isAllowanceUsed: this.#allowance === 0,
      }),
    );
    if (computing > 0 || !this.#meter.isQuiet(clock.monotonic())) this.#refreshLater();
  }

  #talkWith(project: string): ProjectTalk {
    return { trouble: this.work.troubleOf(project), noWork: this.work.noWorkOf(project) };
  }

  #refreshLater(): void {
    if (this.#isStopping || this.#cancelRefresh) return;
    this.#cancelRefresh = this.options.clock.after(REFRESH_MS, () => {
      this.#cancelRefresh = null;
      this.publish();
    });
  }

  #onDecision(): void {
    const { decision } = this;
    this.options.log.info({ slots: decision.slots }, decision.reason);
    this.#giveSlots();
    this.#considerMeasuring();
    this.work.poke();
    this.publish();
  }

  /** A measurement takes the place of one slot. */
  #giveSlots(): void {
    const { slots, keepPaused } = this.decision;
    this.calibrator.allow(slots > 0);
    this.supervisor.allow(Math.max(0, slots - (this.calibrator.measuring ? 1 : 0)), keepPaused);
    this.#tellMonitor();
  }

  #tellMonitor(): void {
    const computes = this.supervisor.slots.some((slot) => slot.phase !== 'paused');
    this.monitor.setActive(computes || this.calibrator.measuring !== null);
  }

  #considerMeasuring(): void {
    if (!this.#isFinishing && !this.#isStopping) this.choice.considerMeasuring();
  }

  get #preferredCapsule(): Preferences['capsule'] {
    return this.options.capsule ?? this.preferences.capsule;
  }

  async #rejoin(project: string, signal: AbortSignal): Promise<void> {
    const membership = this.memberships.byKey(project);
    if (!membership) return;
    const now = this.options.clock.monotonic();
    if (now - (this.#rejoinedAtMs.get(project) ?? Number.NEGATIVE_INFINITY) < REJOIN_EVERY_MS) {
      throw new ProjectUnreachable('the project does not know this computer, though it has just registered');
    }
    this.#rejoinedAtMs.set(project, now);
    signal.throwIfAborted();
    this.options.log.warn(
      { url: membership.url },
      'the project does not know this computer any more; registering',
    );
    const { url, keyFingerprint, software } = membership;
    const softwareFingerprint = software && masterKeyFingerprint(software.masterKey);
    await this.join({ url, keyFingerprint, softwareFingerprint, code: null });
  }

  async #record(unit: FinishedUnit, cpuSeconds: number, fills: Fills | null): Promise<void> {
    this.#finished.put(unit);
    const projectName = this.memberships.byKey(unit.project)?.name ?? unit.project;
    if (await this.history.record({ ...unit, projectName, cpuSeconds, fills }))
      this.#totals = await this.history.totals();
    this.publishSoon();
  }

  async #readHistory(): Promise<void> {
    try {
      await this.history.adopt(this.memberships.all.map(({ keyFingerprint: key, name }) => ({ key, name })));
      this.#totals = await this.history.totals();
      for (const unit of await this.history.finished(FINISHED_KEPT)) this.#finished.put(unit);
    } catch (error) {
      this.options.log.error({ err: error }, 'the history cannot be read; the work goes on without');
    }
  }
}

function pausedUntil(pause: Pause | null, decision: Decision): string | null {
  if (decision.state !== 'paused' || pause?.untilWallMs == null) return null;
  return new Date(pause.untilWallMs).toISOString();
}
