import type { Tree } from '../../ninep/tree.ts';
import type { Platform } from '../../protocol/release.ts';
import type { Progress } from '../../protocol/work-unit.ts';

/**
 * A capsule is where a work unit runs. Drivers (qemu/, wasm/) implement this and pass capsule.contract.ts;
 * callers decide by `capabilities`, never by name.
 *
 *     driver.start(slot)  ->  Capsule, idle      a VM restored from the snapshot, or a worker made
 *     capsule.run(unit)   ->  RunOutcome         once per capsule: one work unit, then stop()
 *     pause()/resume()                           any number of times while running; idempotent
 *     stop()                                     any time, any number of times: frees everything
 */
export interface CapsuleDriver {
  readonly kind: CapsuleKind;
  readonly capabilities: CapsuleCapabilities;
  /** null when it can run here, else why not, in words for a person with the remedy. May take seconds; remembered. */
  unavailable(): Promise<string | null>;
  start(slot: SlotOptions): Promise<Capsule>;
  /** Lets go of what the slots share (snapshot server, compiled modules). */
  close(): Promise<void>;
}

export type CapsuleKind = 'qemu' | 'wasm';

export interface CapsuleCapabilities {
  readonly platform: Platform;
  /** Runs programs that know nothing of us; false: only those built for WASI. */
  readonly unmodifiedPrograms: boolean;
  /** Stops at any instruction; false: at the program's next host call. */
  readonly pausesAnywhere: boolean;
  readonly checkpoints: boolean;
}

export interface SlotOptions {
  /** Names files, cgroup and console of this slot; unique among the running ones. */
  readonly slotId: string;
  readonly memoryMb: number;
  /** Ends start() early. */
  readonly signal: AbortSignal;
}

export interface UnitRun {
  readonly unitId: string;
  /** The program's bytes on this host, already verified. */
  readonly programPath: string;
  /**
   * The program is a tree: programPath is its manifest (TreeManifest), the files lie beside it, named by their hashes, and
   * this path in it is run. Only where capabilities.unmodifiedPrograms.
   */
  readonly command?: string;
  /** The tree itself, read as the program asks; then programPath is not looked at. */
  readonly software?: Tree;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** The work unit's directory (card.json, out/, progress, live). */
  readonly job: Tree;
  readonly memoryMb: number;
  readonly wallSeconds: number;
  /** Called with each chunk of the program's stdout and stderr; the driver bounds the rate and the total. */
  readonly onConsole: (chunk: Uint8Array) => void;
  readonly onProgress: (progress: Progress) => void;
  /** Each complete line the program appends to `live`; may be dropped when too many. */
  readonly onLive: (line: string) => void;
}

export type RunOutcome =
  | { readonly state: 'exited'; readonly exitStatus: number }
  /** Killed from inside (signal), out of memory, over the wall limit, hung, driver died: `reason` in plain words. */
  | {
      readonly state: 'broken';
      readonly reason: string;
      /** The capsule itself was killed or crashed (not the program in it): says nothing against the work unit. */
      readonly lost?: boolean;
    }
  | { readonly state: 'stopped' };

export interface Capsule {
  readonly startup: StartupTimes;
  run(unit: UnitRun): Promise<RunOutcome>;
  /** Resolves when the capsule uses no processor time any more. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
  metrics(): CapsuleMetrics;
}

/** Measured, milliseconds; null where the capsule has no such step. */
export interface StartupTimes {
  readonly bootMs: number | null;
  readonly restoreMs: number | null;
  /** What executes the guest's instructions ("kvm", "tcg"); null or absent where there is no such choice. */
  readonly accelerator?: string | null;
}

export interface CapsuleMetrics {
  /** Operating-system process whose use is ours, where the capsule is one. */
  readonly pid: number | null;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly paused: boolean;
}

/** A driver could not start or lost its capsule. `message` tells a person what to do; `cause` is for the log. */
export class CapsuleError extends Error {
  override readonly name = 'CapsuleError';
}
