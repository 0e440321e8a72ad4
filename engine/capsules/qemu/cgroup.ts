import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * A control group for one VM, where this process may make one: root anywhere, a systemd user below its own manager. It is
 * a belt over braces: QEMU's memory is bounded by its arguments already, so where no group can be made, nothing is said.
 */
export interface ControlGroup {
  /** To be removed once the process has ended; they need not be there. */
  readonly folders: readonly string[];
  /**
   * Makes the group and moves the process into it.
   * @param memoryBytes guest memory and QEMU's own
   * @returns false where that is not ours to do; nothing is left of the attempt then
   */
  join(pid: number, memoryBytes: number): boolean;
}

/** Threads: one processor, main loop, workers. */
const MAX_TASKS = 64;

/**
 * Where the group would be; makes nothing yet, so that its folders can be noted down before they are there.
 * @returns null where there are no control groups
 */
export function planControlGroup(name: string): ControlGroup | null {
  if (process.platform !== 'linux') return null;
  return planVersion2(name) ?? planVersion1(name);
}

/** @returns false where one still holds a process */
export function removeControlGroup(folders: readonly string[]): boolean {
  for (const folder of folders) {
    try {
      rmdirSync(folder);
    } catch {
      // Gone already, or not empty yet.
    }
  }
  return !folders.some((folder) => existsSync(folder));
}

function planVersion2(name: string): ControlGroup | null {
  const own = ownGroup('');
  if (own === null) return null;
  // A group with processes cannot have limited children (no internal processes): ours becomes our group's sibling.
  const parent = join('/sys/fs/cgroup', dirname(own));
  if (!readText(join(parent, 'cgroup.subtree_control')).includes('memory')) return null;
  const folder = join(parent, name);
  return planned([folder], (memoryBytes) => {
    writeFileSync(join(folder, 'memory.max'), String(memoryBytes));
    writeOptional(join(folder, 'pids.max'), String(MAX_TASKS));
    writeOptional(join(folder, 'cpu.idle'), '1');
  });
}

function planVersion1(name: string): ControlGroup | null {
  const memory = ownGroup('memory');
  const pids = ownGroup('pids');
  if (memory === null) return null;
  const memoryFolder = join('/sys/fs/cgroup/memory', memory, name);
  const pidsFolder = pids === null ? null : join('/sys/fs/cgroup/pids', pids, name);
  return planned(pidsFolder ? [memoryFolder, pidsFolder] : [memoryFolder], (memoryBytes) => {
    writeFileSync(join(memoryFolder, 'memory.limit_in_bytes'), String(memoryBytes));
    if (pidsFolder) writeFileSync(join(pidsFolder, 'pids.max'), String(MAX_TASKS));
  });
}

function planned(folders: readonly string[], setLimits: (memoryBytes: number) => void): ControlGroup {
  return {
    folders,
    join(pid, memoryBytes) {
      try {
        for (const folder of folders) mkdirSync(folder);
        setLimits(memoryBytes);
        for (const folder of folders) writeFileSync(join(folder, 'cgroup.procs'), String(pid));
        return true;
      } catch {
        removeControlGroup(folders);
        return false;
      }
    },
  };
}

/** Path of this process's group in the hierarchy of that controller ("" is version 2). */
function ownGroup(controller: string): string | null {
  for (const line of readText('/proc/self/cgroup').split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path !== undefined && controllers?.split(',').includes(controller)) return path;
  }
  return null;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function writeOptional(path: string, value: string): void {
  try {
    writeFileSync(path, value);
  } catch {
    // This kernel has no such limit, or it is not ours to set.
  }
}
