import { join } from 'node:path';

/** Every name the server uses below its data folder; nothing is written elsewhere. */
export function serverFiles(dataFolder: string) {
  const at = (...names: string[]) => join(dataFolder, ...names);
  return {
    dataFolder,
    /** Held by the one server that may use this folder, where the store is in it. */
    lock: at('server.lock'),
    /** Says that the store is in a PostgreSQL server, and this folder is all servers'. */
    shared: at('store-is-elsewhere'),
    /** ServerEndpoint: how staff tools on this machine find the running server. */
    endpoint: at('endpoint.json'),
    /** The project's Ed25519 private key, PKCS #8 PEM; losing it means inviting everybody anew. */
    key: at('project.key'),
    staffToken: at('staff.token'),
    /** Reads /metrics and nothing else. */
    metricsToken: at('metrics.token'),
    /** Copies of the store that `beamtime server backup` is reading. */
    snapshots: at('snapshots'),
    /** Held by the one backup that is being made. */
    backupLock: at('backup.lock'),
    /** What `beamtime server restore` has unpacked; there only while it works, or where it was killed. */
    restoring: at('restoring'),
    /** PostgreSQL data folder of the embedded store. */
    database: at('database'),
    /** Immutable objects: objects/ab/abcdef... */
    objects: at('objects'),
    /** Says in which bucket objects are, where they are not in that folder. */
    bucket: at('objects-are-elsewhere'),
    /** What was put there and nothing is known to name yet: see server/objects/placing-notes.ts. */
    placing: at('placing'),
    /** Immutable small objects, many in a file: packs/000001.pack */
    packs: at('packs'),
    /** Uploads that no report has named yet, a folder per host; survive restarts. */
    uploads: at('uploads'),
    /** Published CernVM-FS repositories, a folder (or a link to one) each: the project's own, and others that are served too. */
    repositories: at('cvmfs'),
    /** Settings, notes and release key of the project's own, where `beamtime cvmfs` looks for them too. */
    publisher: (repository: string) => at('repositories', repository),
    /** The master key of the project's own repository, PKCS #8 PEM, until it is taken to a safer place. */
    masterKey: at('master.key'),
  } as const;
}
export type ServerFiles = ReturnType<typeof serverFiles>;
