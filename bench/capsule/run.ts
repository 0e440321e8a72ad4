import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CapsuleDriver } from '../../engine/capsules/capsule.ts';
import { qemuDriver } from '../../engine/capsules/qemu/index.ts';
import { builtAppliance, whyNoMachines } from '../../engine/capsules/qemu/testkit/appliance.ts';
import { filesIn } from '../../engine/capsules/qemu/testkit/driver.ts';
import { memoryTree, readFile, writeFile } from '../../ninep/index.ts';
import { sha256 } from '../../platform/files.ts';
import { makeLogger } from '../../platform/log.ts';
import { outputHash } from '../../platform/output-hash.ts';
import type { Card } from '../../protocol/work-unit.ts';

export const root = new URL('../../', import.meta.url);

/** Leading order alone: so quick that what is around the program shows. */
const LEADING_ORDER = { energyGeV: 91.19, stages: [] };

/** The work of every bench here: events on the Z, nothing kept of them but counts. */
export function benchCard(
  events: number,
  blockEvents: number,
  parameters: Card['parameters'] = LEADING_ORDER,
): Card {
  return { seed: 1, firstEvent: 0, events, blockEvents, parameters };
}

export interface CapsuleRun {
  /** From asking for the capsule. */
  readonly startMs: number;
  readonly firstProgressMs: number;
  /** From run() to its outcome. */
  readonly runSeconds: number;
  /** out/blocks.jsonl: the same bytes wherever it ran. */
  readonly blocks: string;
  /** Of `files`. */
  readonly hash: string;
}

/** platform/output-hash.ts over these files, read anyhow. */
export async function hashOf(
  files: readonly string[],
  read: (path: string) => Promise<Uint8Array>,
): Promise<string> {
  const hashed = await Promise.all(files.map(async (path) => ({ path, sha256: sha256(await read(path)) })));
  return outputHash(hashed);
}

/** One work unit in a capsule of its own. @throws Error where the program did not end well */
export async function runInCapsule(
  driver: CapsuleDriver,
  program: string,
  card: Card,
  files: readonly string[] = [],
): Promise<CapsuleRun> {
  const askedAt = performance.now();
  const signal = new AbortController().signal;
  const capsule = await driver.start({ slotId: 'bench', memoryMb: 128, signal });
  const startedAt = performance.now();
  const job = memoryTree({ quotaBytes: 64_000_000 });
  await writeFile(job, 'card.json', Buffer.from(JSON.stringify(card)));
  let console = '';
  let firstAt = 0;
  try {
    const outcome = await capsule.run({
      unitId: 'bench',
      programPath: program,
      args: [],
      job,
      memoryMb: 64,
      wallSeconds: 600,
      onConsole: (chunk) => {
        console += Buffer.from(chunk).toString();
      },
      onProgress: () => {
        firstAt ||= performance.now();
      },
      onLive: () => {},
    });
    const endedAt = performance.now();
    if (outcome.state !== 'exited' || outcome.exitStatus !== 0)
      throw new Error(`the ${driver.kind} capsule ended with ${JSON.stringify(outcome)}: ${console}`);
    return {
      startMs: startedAt - askedAt,
      firstProgressMs: firstAt - askedAt,
      runSeconds: (endedAt - startedAt) / 1000,
      blocks: Buffer.from(await readFile(job, 'out/blocks.jsonl')).toString(),
      hash: await hashOf(files, (path) => readFile(job, path)),
    };
  } finally {
    await capsule.stop();
  }
}

/** A QEMU driver that has nothing yet; everything it keeps is removed at the end. @throws Error where none can run */
export async function withMachines<T>(
  body: (driver: ReturnType<typeof qemuDriver>) => Promise<T>,
): Promise<T> {
  const why = await whyNoMachines();
  if (why) throw new Error(`there are no virtual machines here: ${why}`);
  const folder = await mkdtemp(join(tmpdir(), 'beamtime-bench-'));
  const driver = qemuDriver({
    files: filesIn(folder),
    appliance: await builtAppliance(),
    log: makeLogger('bench'),
  });
  try {
    const unavailable = await driver.unavailable();
    if (unavailable) throw new Error(unavailable);
    return await body(driver);
  } finally {
    await driver.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
