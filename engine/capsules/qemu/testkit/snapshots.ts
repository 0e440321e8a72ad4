import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FolderInUse, type FolderLock, lockFolder } from '../../../../platform/folder-lock.ts';
import { makeLogger } from '../../../../platform/log.ts';
import { engineFiles } from '../../../filenames.ts';
import { qemuDriver } from '../index.ts';
import { builtAppliance } from './appliance.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const TESTKIT = join(ROOT, 'build', 'testkit');
const PREFIX = 'booted-';
/** What a saved machine depends on beside the appliance and QEMU: the code that boots, serves and saves it. */
const CODE = ['engine/capsules/qemu', 'ninep', 'ninep/trees'];

/** A driver's files that tests may share: the machine booted once, and which accelerator that was. */
export interface BootedFiles {
  readonly snapshots: string;
  readonly machine: string;
}

/**
 * Boots the appliance once for all tests (in interpretation that takes half a minute of a busy machine) and once more
 * when the code that does it has changed. Restored machines only read what is there.
 */
export async function bootedOnce(): Promise<BootedFiles> {
  const name = `${PREFIX}${await codeHash()}`;
  const folder = join(TESTKIT, name);
  const files = { snapshots: join(folder, 'snapshots'), machine: join(folder, 'machine.json') };
  await mkdir(folder, { recursive: true });
  const lock = await lockPatiently(join(TESTKIT, 'booted.lock'));
  try {
    const driver = qemuDriver({
      files: { ...files, run: join(folder, 'run'), consoles: join(folder, 'consoles') },
      appliance: await builtAppliance(),
      log: makeLogger('booted-once'),
    });
    try {
      const why = await driver.unavailable();
      if (why !== null) throw new Error(why);
    } finally {
      await driver.close();
    }
    for (const old of await readdir(TESTKIT)) {
      if (old.startsWith(PREFIX) && old !== name)
        await rm(join(TESTKIT, old), { recursive: true, force: true });
    }
  } finally {
    await lock.release();
  }
  return files;
}

/** An engine in this new folder finds the machine booted, as on every day but the first. */
export async function bootedBefore(dataFolder: string): Promise<void> {
  const booted = await bootedOnce();
  const files = engineFiles(dataFolder);
  await mkdir(dataFolder, { recursive: true });
  await symlink(booted.snapshots, files.snapshots);
  await copyFile(booted.machine, files.machine);
}

async function codeHash(): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of CODE) {
    for (const file of (await readdir(join(ROOT, folder))).sort()) {
      if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue;
      hash.update(`${folder}/${file}\0`).update(await readFile(join(ROOT, folder, file)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

/** Test files run beside one another; one boots, the others wait for it. */
async function lockPatiently(path: string): Promise<FolderLock> {
  for (;;) {
    try {
      return await lockFolder(path);
    } catch (error) {
      if (!(error instanceof FolderInUse)) throw error;
      await delay(100);
    }
  }
}
