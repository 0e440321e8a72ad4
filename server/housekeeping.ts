import { judgeCanaries } from './campaigns/canary.ts';
import type { Project } from './project.ts';
import { updateAverages } from './statistics/averages.ts';
import { inTurn } from './store/database.ts';

const EXPIRE_EVERY_MS = 2_000;
const CANARY_EVERY_MS = 1_000;
/** PostgreSQL's own default between checkpoints is 5 minutes; hot tables want vacuuming before that. */
const MAINTAIN_EVERY_MS = 60_000;
const AVERAGE_EVERY_MS = 3_600_000;
/** An object goes an hour after it was found to be named by nothing. */
const COLLECT_EVERY_MS = 3_600_000;
const SIGN_EVERY_MS = 6 * 3_600_000;

/**
 * What is done by the clock: expiry of leases, upkeep of the store and of a bucket, the whitelist of the software. Of several servers the
 * one that comes first does a thing, the others let it be.
 */
export class Housekeeping {
  readonly #project: Project;
  readonly #timers: NodeJS.Timeout[];
  #running: Promise<void> = Promise.resolve();

  constructor(project: Project) {
    this.#project = project;
    this.#timers = [
      this.#every(EXPIRE_EVERY_MS, 'expire leases', async () => {
        await project.expire();
      }),
      this.#every(CANARY_EVERY_MS, 'judge releases on trial', () => judgeCanaries(project.db)),
      this.#every(MAINTAIN_EVERY_MS, 'maintain the store', async () => {
        await project.forget();
        await project.db.maintain();
      }),
      this.#every(AVERAGE_EVERY_MS, 'average credit', () => updateAverages(project.db, project.now())),
      this.#every(COLLECT_EVERY_MS, 'collect objects that nothing names', async () => {
        await project.collect();
      }),
      this.#every(SIGN_EVERY_MS, 'sign the whitelist of the software', () => this.#keepSigned()),
    ];
    this.#run('sign the whitelist of the software', () => this.#keepSigned());
  }

  #keepSigned(): Promise<void> {
    const { db, software, now } = this.#project;
    return software.inTurn(() => inTurn(db, 'software', () => software.keepSigned(now())));
  }

  #every(ms: number, what: string, work: () => Promise<void>): NodeJS.Timeout {
    return setInterval(() => this.#run(what, work), ms);
  }

  #run(what: string, work: () => Promise<void>): void {
    const alone = async () => {
      await this.#project.db.alone(what, work);
    };
    this.#running = this.#running.then(alone).catch((error: unknown) => {
      this.#project.log.error({ err: error }, `could not ${what}`);
    });
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#running;
  }
}
