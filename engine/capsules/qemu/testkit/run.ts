import { memoryTree, type Tree, writeFile } from '../../../../ninep/index.ts';
import type { CapsuleDriver, RunOutcome } from '../../capsule.ts';

export interface ProgramRun {
  readonly program: string;
  readonly args?: readonly string[];
  /** The program is a tree, see UnitRun. */
  readonly command?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly memoryMb?: number;
  readonly wallSeconds?: number;
  readonly job?: Tree;
  readonly slotId?: string;
  /** Stops it. */
  readonly signal?: AbortSignal;
  readonly onConsole?: (text: string) => void;
}

export interface ProgramEnd {
  readonly outcome: RunOutcome;
  /** What it printed, as far as it was passed on. */
  readonly console: string;
  readonly job: Tree;
}

/** One program in a capsule of its own, from start to stop. */
export async function runProgram(driver: CapsuleDriver, run: ProgramRun): Promise<ProgramEnd> {
  const capsule = await driver.start({
    slotId: run.slotId ?? 'slot',
    memoryMb: Math.max(128, run.memoryMb ?? 0),
    signal: new AbortController().signal,
  });
  const job = run.job ?? memoryTree({ quotaBytes: 16_000_000 });
  if (!run.job) await writeFile(job, 'card.json', Buffer.from('{}'));
  let console = '';
  run.signal?.addEventListener('abort', () => void capsule.stop());
  try {
    const outcome = await capsule.run({
      unitId: 'unit',
      programPath: run.program,
      args: run.args ?? [],
      ...(run.command === undefined ? {} : { command: run.command }),
      environment: run.environment ?? {},
      job,
      memoryMb: run.memoryMb ?? 64,
      wallSeconds: run.wallSeconds ?? 200,
      onConsole: (chunk) => {
        const text = Buffer.from(chunk).toString();
        console += text;
        run.onConsole?.(text);
      },
      onProgress: () => {},
      onLive: () => {},
    });
    return { outcome, console, job };
  } finally {
    await capsule.stop();
  }
}
