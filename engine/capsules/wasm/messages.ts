import type { ProgramOutcome } from '../../../wasi/thread.ts';

/**
 * Between the engine and the process of one wasm capsule, over Node's channel between parent and child. The engine
 * sends `run` once; after that each `ask` (one file call, wasi/messages.ts) gets one `answer`.
 */
export type ToCapsule =
  | {
      readonly run: {
        readonly programPath: string;
        readonly args: readonly string[];
        readonly memoryMb: number;
      };
    }
  | { readonly answer: Uint8Array }
  | { readonly hold: boolean };

export type FromCapsule =
  | { readonly ready: true }
  | { readonly ask: Uint8Array }
  /** The program stands still. */
  | { readonly held: true }
  | { readonly ended: ProgramOutcome }
  /** The program's file cannot be read. */
  | { readonly unreadable: string }
  /** Every second, where the engine cannot see it from outside (all but Linux). */
  | { readonly use: ProcessUse };

export interface ProcessUse {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}
