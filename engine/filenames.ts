import { join } from 'node:path';

/** Every name the engine uses below its data folder; nothing is written elsewhere. */
export function engineFiles(dataFolder: string) {
  const at = (...names: string[]) => join(dataFolder, ...names);
  return {
    dataFolder,
    /** Held by the one engine that may use this folder. */
    lock: at('engine.lock'),
    /** EngineEndpoint: how clients on this machine find the running engine. */
    endpoint: at('endpoint.json'),
    preferences: at('preferences.json'),
    /** Joined projects: URL, pinned key, host token, share. */
    membership: at('membership.json'),
    /** Contribution of this host, SQLite. */
    history: at('history.sqlite'),
    /** Measured facts of this machine: accelerator probe, calibration. */
    machine: at('machine.json'),
    /** Verified immutable objects by SHA-256: programs, kernel, initrd. */
    objects: at('objects'),
    /** What was read of projects' repositories: objects, and which revisions were believed. */
    software: at('software'),
    /** Each project's appliance document as it was signed, for starts without network. */
    appliance: (projectKey: string) => at('appliances', `${projectKey}.json`),
    /** One folder a lease: lease.json, state.json, job/. */
    spool: at('spool'),
    /** VM snapshots by appliance image and machine type. */
    snapshots: at('snapshots'),
    /** Sockets, pid files and sweep marks of running capsules; emptied at start. */
    run: at('run'),
    /** Consoles of the last runs, for doctor. */
    consoles: at('consoles'),
    log: at('engine.log'),
  } as const;
}
export type EngineFiles = ReturnType<typeof engineFiles>;
