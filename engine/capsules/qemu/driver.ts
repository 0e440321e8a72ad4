import { access } from 'node:fs/promises';
import type { Logger } from '../../../platform/log.ts';
import type { EngineFiles } from '../../filenames.ts';
import { recallFact, rememberFact } from '../../machine.ts';
import {
  type Capsule,
  type CapsuleCapabilities,
  type CapsuleDriver,
  CapsuleError,
  type SlotOptions,
} from '../capsule.ts';
import { Guardian } from '../guardian.ts';
import { bootLimitMs, type Candidates, findCandidates, ProbeResult, probeKey } from './accelerators.ts';
import { type Accelerator, buildQemuArgs, STATE_SOURCE } from './args.ts';
import { confinement, UNPRIVILEGED_ID } from './confinement.ts';
import { findQemu, howToInstall, type QemuInstallation } from './install.ts';
import { type QemuHost, QemuProcess } from './process.ts';
import { QmpClient } from './qmp.ts';
import { type Snapshot, type SnapshotKey, SnapshotStore } from './snapshots.ts';
import { sweepQemu } from './sweep.ts';
import { makeTemplate } from './template.ts';
import { VmCapsule } from './vm-capsule.ts';

export interface QemuDriverOptions {
  readonly files: Pick<EngineFiles, 'machine' | 'snapshots' | 'run' | 'consoles'>;
  readonly appliance: {
    readonly kernelPath: string;
    readonly initrdPath: string;
    /** Appliance.image: names the pair by its hash. */
    readonly image: string;
  };
  readonly log: Logger;
  /** The only one to be taken; null or absent: the fastest that boots. */
  readonly accelerator?: Accelerator | null;
  /** What a killed engine left is gone already, and other drivers may have machines running. */
  readonly isSwept?: boolean;
  /** Images whose snapshots other drivers use. */
  readonly otherImages?: () => ReadonlySet<string>;
  /** What is on this machine; the tests put other things there. */
  readonly surroundings?: Partial<Surroundings>;
}

export interface Surroundings {
  readonly findQemu: () => Promise<QemuInstallation | null>;
  readonly findCandidates: (becomesUnprivileged: boolean) => Candidates;
  readonly bootLimitMs: (accelerator: Accelerator) => number;
  readonly lifeSignSeconds: number;
  /** False only where a test wants to see that it would notice. */
  readonly restrictNetwork: boolean;
}

/** For display; null before the first boot. */
export interface QemuFacts {
  readonly accelerator: Accelerator | null;
  readonly bootMs: number | null;
  /** Accelerators that are there but do not boot the appliance, with what happened. */
  readonly refused: readonly { readonly accelerator: string; readonly reason: string }[];
}

export interface QemuDriver extends CapsuleDriver {
  facts(): QemuFacts;
}

/** Key in EngineFiles.machine. */
const FACT = 'qemuAccelerator';
/** Machine sizes: few, since each is a snapshot. Memory the guest does not touch costs nothing. */
const SMALLEST_MB = 256;
/** Kernel, agent and page tables beside the program. */
const GUEST_OWN_MB = 64;
/** In which a restored machine reads its work unit: a tenth of a second where it is interpreted, a fraction elsewhere. */
const LIFE_SIGN_SECONDS = 20;
/** To be restored and stand still, and for each answer; however busy the host, a machine that needs longer is stuck. */
const RESTORE_LIMIT_MS = 120_000;

export function qemuDriver(options: QemuDriverOptions): QemuDriver {
  return new Driver(options);
}

/** Megabytes of the machine for a program of that size. */
export function machineMb(programMb: number): number {
  let size = SMALLEST_MB;
  while (size < programMb + GUEST_OWN_MB) size *= 2;
  return size;
}

class Driver implements QemuDriver {
  readonly kind = 'qemu';
  readonly capabilities: CapsuleCapabilities = {
    platform: 'x86_64-linux',
    unmodifiedPrograms: true,
    pausesAnywhere: true,
    checkpoints: false,
  };
  readonly #options: QemuDriverOptions;
  readonly #surroundings: Surroundings;
  readonly #store: SnapshotStore;
  readonly #guardian = new Guardian();
  readonly #running = new Set<VmCapsule>();
  /** By machine size; a failed one is tried again by the next that asks. */
  readonly #templates = new Map<number, Promise<Template>>();
  #prepared: Promise<Prepared> | null = null;
  #facts: QemuFacts = { accelerator: null, bootMs: null, refused: [] };
  readonly #closing = new AbortController();

  constructor(options: QemuDriverOptions) {
    this.#options = options;
    this.#surroundings = {
      findQemu,
      findCandidates,
      bootLimitMs,
      lifeSignSeconds: LIFE_SIGN_SECONDS,
      restrictNetwork: true,
      ...options.surroundings,
    };
    this.#store = new SnapshotStore(options.files.snapshots, options.otherImages);
  }

  facts(): QemuFacts {
    return this.#facts;
  }

  async unavailable(): Promise<string | null> {
    try {
      await this.#template(SMALLEST_MB);
      return null;
    } catch (error) {
      if (!(error instanceof CapsuleError)) throw error;
      this.#options.log.info({ err: error }, 'no virtual machines here');
      return error.message;
    }
  }

  async start(slot: SlotOptions): Promise<Capsule> {
    slot.signal.throwIfAborted();
    const size = machineMb(slot.memoryMb);
    const template = await abortable(this.#template(size), slot.signal);
    try {
      return await this.#restore(slot, template);
    } catch (error) {
      if (slot.signal.aborted || this.#closing.signal.aborted) throw error;
      // Perhaps the snapshot is broken: a new one, and one more try.
      this.#options.log.warn({ err: error }, 'a virtual machine could not be restored; booting anew');
      await this.#discard(size, template);
      return this.#restore(slot, await abortable(this.#template(size), slot.signal));
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled([...this.#running].map((capsule) => capsule.stop()));
    await Promise.allSettled(this.#templates.values());
    await this.#guardian.close();
  }

  async #restore(slot: SlotOptions, { key, snapshot, host }: Template): Promise<Capsule> {
    const startedAt = performance.now();
    const machine = await QemuProcess.start(
      host,
      slot.slotId,
      {
        accelerator: key.accelerator,
        memoryMb: key.memoryMb,
        restrictNetwork: this.#surroundings.restrictNetwork,
      },
      { memoryPath: snapshot.memoryPath },
    );
    const abort = () => void machine.kill();
    slot.signal.addEventListener('abort', abort, { once: true });
    try {
      const qmp = await restored(machine, snapshot);
      slot.signal.throwIfAborted();
      const capsule = new VmCapsule({
        slotId: slot.slotId,
        memoryMb: slot.memoryMb,
        machine,
        qmp,
        snapshot,
        startup: {
          bootMs: snapshot.bootMs,
          restoreMs: performance.now() - startedAt,
          accelerator: key.accelerator,
        },
        lifeSignSeconds: this.#surroundings.lifeSignSeconds,
        consolesFolder: this.#options.files.consoles,
        onBadSnapshot: () => this.#discard(key.memoryMb, { key, snapshot, host }),
        log: this.#options.log,
      });
      this.#running.add(capsule);
      void machine.ended.then(() => this.#running.delete(capsule));
      return capsule;
    } catch (cause) {
      await machine.kill();
      slot.signal.throwIfAborted();
      const said = machine.messages;
      throw new CapsuleError(
        `The virtual machine could not be restored.${said ? ` QEMU said: ${said}` : ''}`,
        { cause },
      );
    } finally {
      slot.signal.removeEventListener('abort', abort);
    }
  }

  async #discard(memoryMb: number, broken: Template): Promise<void> {
    const current = await this.#templates.get(memoryMb)?.catch(() => null);
    if (current && current.snapshot !== broken.snapshot) return; // another slot has replaced it
    this.#templates.delete(memoryMb);
    await this.#store.discard(broken.key);
  }

  #template(memoryMb: number): Promise<Template> {
    let template = this.#templates.get(memoryMb);
    if (!template) {
      template = this.#makeTemplate(memoryMb);
      this.#templates.set(memoryMb, template);
      template.catch(() => this.#templates.delete(memoryMb));
    }
    return template;
  }

  /** The saved machine of that size: with the accelerator that is known to boot, or the first that does. */
  async #makeTemplate(memoryMb: number): Promise<Template> {
    const { host, order, key } = await this.#prepare();
    const remembered = await recallFact(this.#options.files.machine, FACT, ProbeResult);
    const known = remembered?.key === key ? remembered : null;
    const refused = this.#options.accelerator ? [] : [...(known?.refused ?? [])];
    const only = this.#options.accelerator;
    if (only && !order.includes(only))
      throw new CapsuleError(
        `Preferences ask for the accelerator ${only}, which this computer does not offer.`,
      );
    const tries = only
      ? [only]
      : known
        ? [known.accelerator, ...order.filter((one) => one !== known.accelerator)]
        : order;
    for (const accelerator of tries) {
      try {
        const template = await this.#templateWith(accelerator, memoryMb, host);
        const result: ProbeResult = { key, accelerator, refused };
        // What a person insists on says nothing of what is fastest.
        if (known?.accelerator !== accelerator && !only) await this.#remember(result);
        this.#facts = { accelerator, bootMs: template.snapshot.bootMs, refused };
        return template;
      } catch (error) {
        if (!(error instanceof CapsuleError) || this.#closing.signal.aborted) throw error;
        this.#options.log.info({ err: error, accelerator }, 'accelerator does not boot the appliance');
        refused.push({ accelerator, reason: error.message });
      }
    }
    throw new CapsuleError(
      `No virtual machine boots here: ${refused.map((one) => `${one.accelerator}: ${one.reason}`).join(' ')}`,
    );
  }

  async #remember(result: ProbeResult): Promise<void> {
    try {
      await rememberFact(this.#options.files.machine, FACT, result);
    } catch (error) {
      this.#options.log.warn({ err: error }, 'the accelerator could not be remembered');
    }
  }

  async #templateWith(accelerator: Accelerator, memoryMb: number, host: QemuHost): Promise<Template> {
    const { appliance } = this.#options;
    const { installation } = host;
    const { restrictNetwork } = this.#surroundings;
    const anywhere = { name: '', memoryPath: '', start: 'incoming' as const };
    const key: SnapshotKey = {
      image: appliance.image,
      qemuVersion: installation.versionText,
      accelerator,
      memoryMb,
      args: buildQemuArgs({ ...anywhere, accelerator, memoryMb, restrictNetwork }, installation),
    };
    const made = await this.#store.load(key);
    if (made) return { key, snapshot: made, host };
    this.#options.log.info({ accelerator, memoryMb }, 'booting the appliance');
    await makeTemplate({
      host,
      store: this.#store,
      key,
      ...appliance,
      restrictNetwork,
      timeLimitMs: this.#surroundings.bootLimitMs(accelerator),
      signal: this.#closing.signal,
    });
    const snapshot = await this.#store.load(key);
    if (!snapshot) throw new CapsuleError('The snapshot of the virtual machine cannot be read back.');
    return { key, snapshot, host };
  }

  #prepare(): Promise<Prepared> {
    if (!this.#prepared) {
      const preparing = this.#findEverything();
      this.#prepared = preparing;
      preparing.catch(() => {
        this.#prepared = null;
      });
    }
    return this.#prepared;
  }

  async #findEverything(): Promise<Prepared> {
    const { files, appliance, log } = this.#options;
    if (process.platform === 'win32') {
      throw new CapsuleError(
        'Virtual machines are not offered on Windows yet; the WebAssembly capsule runs there.',
      );
    }
    const installation = await this.#surroundings.findQemu();
    if (!installation) throw new CapsuleError(`QEMU is not installed. ${howToInstall(process.platform)}`);
    for (const path of [appliance.kernelPath, appliance.initrdPath]) {
      await access(path).catch((cause) => {
        throw new CapsuleError('The micro appliance has not been fetched from the project yet.', { cause });
      });
    }
    const killed = this.#options.isSwept ? 0 : await sweepQemu(files);
    if (killed > 0) log.info({ killed }, 'ended virtual machines of an engine that was killed');
    const candidates = this.#surroundings.findCandidates((await confinement()).userId === UNPRIVILEGED_ID);
    const host: QemuHost = {
      installation,
      confinement: await confinement(candidates.kvmGroup),
      guardian: this.#guardian,
      runFolder: files.run,
    };
    return {
      host,
      order: candidates.order,
      key: probeKey(appliance.image, installation.versionText, candidates),
    };
  }
}

interface Prepared {
  readonly host: QemuHost;
  readonly order: readonly Accelerator[];
  readonly key: string;
}

interface Template {
  readonly key: SnapshotKey;
  readonly snapshot: Snapshot;
  readonly host: QemuHost;
}

/** Loads the state; the machine stands still afterwards, as it was saved. */
async function restored(machine: QemuProcess, snapshot: Snapshot): Promise<QmpClient> {
  const qmp = await QmpClient.connect(machine.qmp, RESTORE_LIMIT_MS);
  await qmp.execute(
    'migrate-set-capabilities',
    { capabilities: [{ capability: 'x-ignore-shared', state: true }] },
    RESTORE_LIMIT_MS,
  );
  await qmp.execute('migrate-incoming', { uri: STATE_SOURCE }, RESTORE_LIMIT_MS);
  machine.state.end(snapshot.state);
  for (const until = performance.now() + RESTORE_LIMIT_MS; ; ) {
    const answer = await qmp.execute('query-status', {}, RESTORE_LIMIT_MS);
    const status = answer && typeof answer === 'object' && 'status' in answer ? answer.status : '';
    if (status === 'paused') return qmp;
    if (status !== 'inmigrate' || performance.now() > until) {
      throw new CapsuleError(`The saved machine does not come up (${String(status)}).`);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** The promise's value, unless the signal comes first; what the promise does goes on for others. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
