import { setTimeout as delay } from 'node:timers/promises';
import type { Readiness } from '../protocol/project-api.ts';
import type { Project } from './project.ts';
import { schemaOf } from './store/migrate.ts';

/** A store that hangs is one that does not answer. */
const PATIENCE_MS = 5_000;

const SPOT_RELEASES = `
  SELECT DISTINCT release_id FROM campaign WHERE state = 'running' AND spec -> 'validation' ? 'spot'`;

/**
 * Whether hosts can be served. What exactly is wrong stands in the log: anybody may ask.
 */
export async function readiness(project: Project): Promise<Readiness> {
  const checks = {
    store: await holds(project, 'store', async () => {
      await project.db.query('SELECT 1');
    }),
    migrations: await holds(project, 'migrations', async () => {
      const { store, server } = await schemaOf(project.db);
      if (store !== server) throw new Error(`the store is at schema ${store}, this server's is ${server}`);
    }),
    spotChecks: await holds(project, 'spotChecks', () => mustHoldPrograms(project)),
  };
  return { ready: Object.values(checks).every(Boolean), checks };
}

/** Blocks are regenerated with the WebAssembly program of the campaign's release. */
async function mustHoldPrograms({ db, releases, objects }: Project): Promise<void> {
  for (const { release_id } of await db.query<{ release_id: number }>(SPOT_RELEASES)) {
    const { application, version, programs } = await releases.get(release_id);
    const program = programs['wasm32-wasi'];
    if (!program || (await objects.size(program.sha256)) !== program.bytes) {
      throw new Error(`the WebAssembly program of ${application} ${version} is not there; push it again`);
    }
  }
}

async function holds(project: Project, name: string, check: () => Promise<void>): Promise<boolean> {
  const patience = new AbortController();
  try {
    await Promise.race([
      check(),
      delay(PATIENCE_MS, null, { signal: patience.signal, ref: false }).then(() => {
        throw new Error(`no answer within ${PATIENCE_MS} ms`);
      }),
    ]);
    return true;
  } catch (error) {
    project.log.error({ err: error, check: name }, 'not ready');
    return false;
  } finally {
    patience.abort();
  }
}
