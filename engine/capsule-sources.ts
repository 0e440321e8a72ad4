import type { Logger } from '../platform/log.ts';
import type { Preferences } from '../protocol/preferences.ts';
import type { Sha256 } from '../protocol/primitives.ts';
import { CapsuleError } from './capsules/capsule.ts';
import type { QemuDriver } from './capsules/qemu/index.ts';
import type { EngineFiles } from './filenames.ts';
import type { ObjectCache } from './objects/index.ts';
import type { Membership, ProjectClient } from './project/index.ts';
import type { DriverSource } from './slots/drivers.ts';
import type { Software } from './software/index.ts';

export interface CapsuleSourcesOptions {
  readonly files: EngineFiles;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** undefined: this computer does not belong to it. */
  readonly project: (
    key: string,
  ) => { readonly membership: Membership; readonly client: ProjectClient } | undefined;
  readonly objects: () => ObjectCache;
  readonly software: Software;
  readonly accelerator: () => Preferences['accelerator'];
}

export interface CapsuleSources {
  readonly list: readonly DriverSource[];
  /** Objects the drivers need kept on disk. */
  readonly needed: () => ReadonlySet<Sha256>;
}

/** The drivers there are, each loaded when it is first asked for: an idle engine carries none of them. */
export function capsuleSources(options: CapsuleSourcesOptions): CapsuleSources {
  const { log } = options;
  const qemu = qemuSource(options);
  return {
    needed: qemu.needed,
    list: [
      {
        kind: 'wasm',
        platform: 'wasm32-wasi',
        perProject: false,
        load: async () => (await import('./capsules/wasm/index.ts')).wasmDriver({ log }),
        facts: () => `V8 ${process.versions.v8}`,
      },
      qemu.source,
    ],
  };
}

/** Each project's work runs in that project's appliance; projects with the same image share one driver. */
function qemuSource({ files, log, signal, project, objects, software, accelerator }: CapsuleSourcesOptions) {
  const applianceObjects = new Map<string, readonly Sha256[]>();
  const images = new Map<string, string>();
  const drivers = new Map<string, QemuDriver>();
  const source: DriverSource = {
    kind: 'qemu',
    platform: 'x86_64-linux',
    perProject: true,
    load: async (key) => {
      const found = project(key);
      if (!found) throw new CapsuleError('the virtual machine comes from a project, and this one was left');
      const { fetchAppliance } = await import('./appliance.ts');
      const appliance = await fetchAppliance(
        { ...found, objects: objects(), software, path: files.appliance(key), signal, log },
        ({ kernel, initrd }) => applianceObjects.set(key, [kernel.sha256, initrd.sha256]),
      );
      if (!appliance)
        throw new CapsuleError('the project has no virtual machine image; WebAssembly does its work');
      const { qemuDriver } = await import('./capsules/qemu/index.ts');
      images.set(key, appliance.image);
      const driver =
        drivers.get(appliance.image) ??
        qemuDriver({
          ...{ files, appliance, log, accelerator: accelerator(), isSwept: true },
          otherImages: () => new Set(images.values()),
        });
      drivers.set(appliance.image, driver);
      return driver;
    },
    facts: (key) => {
      const image = images.get(key) ?? '';
      return `${drivers.get(image)?.facts().accelerator} ${image}`;
    },
    forget: () => drivers.clear(),
  };
  return { source, needed: () => new Set([...applianceObjects.values()].flat()) };
}
