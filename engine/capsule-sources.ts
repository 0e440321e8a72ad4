import type { Logger } from '../platform/log.ts';
import type { Sha256 } from '../protocol/primitives.ts';
import { CapsuleError } from './capsules/capsule.ts';
import type { QemuDriver } from './capsules/qemu/index.ts';
import type { EngineFiles } from './filenames.ts';
import type { ObjectCache } from './objects/index.ts';
import type { Membership, ProjectClient } from './project/index.ts';
import type { DriverSource } from './slots/drivers.ts';

export interface CapsuleSourcesOptions {
  readonly files: EngineFiles;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** The project whose appliance is used; null before one is joined. */
  readonly project: () => { readonly membership: Membership; readonly client: ProjectClient } | null;
  readonly objects: () => ObjectCache;
}

export interface CapsuleSources {
  readonly list: readonly DriverSource[];
  /** Objects the drivers need kept on disk. */
  readonly needed: () => ReadonlySet<Sha256>;
}

/** The drivers there are, each loaded when it is first asked for: an idle engine carries none of them. */
export function capsuleSources(options: CapsuleSourcesOptions): CapsuleSources {
  const { files, log, signal } = options;
  const applianceObjects = new Set<Sha256>();
  let qemu: { readonly driver: QemuDriver; readonly image: string } | null = null;
  return {
    needed: () => applianceObjects,
    list: [
      {
        kind: 'wasm',
        platform: 'wasm32-wasi',
        load: async () => (await import('./capsules/wasm/index.ts')).wasmDriver({ log }),
        facts: () => `V8 ${process.versions.v8}`,
      },
      {
        kind: 'qemu',
        platform: 'x86_64-linux',
        load: async () => {
          const project = options.project();
          if (!project) throw new CapsuleError('join a project first: the virtual machine comes from there');
          const { fetchAppliance } = await import('./appliance.ts');
          const appliance = await fetchAppliance(
            { ...project, objects: options.objects(), path: files.appliance, signal, log },
            ({ kernel, initrd }) => {
              applianceObjects.clear();
              for (const { sha256 } of [kernel, initrd]) applianceObjects.add(sha256);
            },
          );
          if (!appliance)
            throw new CapsuleError('the project has no virtual machine image; WebAssembly does its work');
          const { qemuDriver } = await import('./capsules/qemu/index.ts');
          const driver = qemuDriver({ files, appliance, log });
          qemu = { driver, image: appliance.image };
          return driver;
        },
        facts: () => `${qemu?.driver.facts().accelerator} ${qemu?.image}`,
      },
    ],
  };
}
