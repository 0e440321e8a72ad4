import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverFiles } from '../files.ts';
import { projectKey } from '../key.ts';
import { LIMITS } from '../limits.ts';
import { Project } from '../project.ts';
import { Software } from '../software/software.ts';
import type { Database } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import { openPglite } from '../store/pglite.ts';
import { prepareDataFolder } from '../store/prepare.ts';
import type { regenerateBlock } from '../validate/spot-check.ts';
import { SpotQueue } from '../validate/spot-queue.ts';
import { Withdrawals } from '../validate/withdrawals.ts';
import { FEW_BUFFERS_MB, quiet } from './server.ts';

/** A project's parts on a real store, without HTTP, with a clock of its own and a program that is a function here. */
export interface BareProject {
  readonly folder: string;
  readonly project: Project;
  readonly checks: SpotQueue;
  readonly withdrawals: Withdrawals;
  /** Resolves when all checks and withdrawals that are due are done. */
  settled(): Promise<void>;
  remove(): Promise<void>;
}

export async function bareProject(options: {
  readonly now: () => Date;
  readonly regenerate: typeof regenerateBlock;
  /** What is between the project and its store. */
  readonly through?: (db: Database) => Database;
}): Promise<BareProject> {
  const folder = await mkdtemp(join(tmpdir(), 'beamtime-bare-'));
  const files = serverFiles(folder);
  await Project.makeFolders(files);
  await prepareDataFolder(files.database);
  const db = await openPglite(files.database, FEW_BUFFERS_MB);
  await migrate(db, options.now());
  const key = await projectKey(files.key);
  const project = new Project({
    db: options.through?.(db) ?? db,
    files,
    key,
    software: await Software.open(files, key.fingerprint, quiet),
    staffToken: 'x'.repeat(30),
    metricsToken: 'y'.repeat(30),
    isProxy: () => false,
    limits: LIMITS,
    name: 'Bare',
    log: quiet,
    now: options.now,
  });
  const checks = new SpotQueue(project, options.regenerate);
  await checks.start();
  const withdrawals = new Withdrawals(project);
  withdrawals.start();
  return {
    folder,
    project,
    checks,
    withdrawals,
    async settled() {
      checks.poke();
      await checks.idle();
      await withdrawals.idle();
    },
    async remove() {
      await checks.close();
      await withdrawals.close();
      await project.idle();
      await db.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
