import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * A control group for one VM, where this process may make one: root anywhere, a systemd user below its own manager. It is
 * a belt over braces: QEMU's memory is bounded by its arguments already, so where no group can be made, nothing is said.
 */
export interface ControlGroup {
  /** The folders made, to be removed once the process has ended. */
  readonly folders: readonly string[];
}

/** Threads: one processor, main loop, workers. */
const MAX_TASKS = 64;

/**
 * Makes a group and moves the process into it.
 * @param memoryBytes guest memory and QEMU's own
 * @returns null where groups cannot be made
 */
export function joinControlGroup(name: string, pid: number, memoryBytes: number): ControlGroup | null {
  if (process.platform !== 'linux') return null;
  try {
    return joinVersion2(name, pid, memoryBytes) ?? joinVersion1(name, pid, memoryBytes);
  } catch {
    return null;
  }
}

/** Groups that still hold a process stay; the next sweep comes again. */
export function removeControlGroup(folders: readonly string[]): void {
  for (const folder of folders) {
    try {
      rmdirSync(folder);
    } catch {
      // Gone already, or not empty yet.
    }
  }
}

function joinVersion2(name: string, pid: number, memoryBytes: number): ControlGroup | null {
  const own = ownGroup('');
  if (own === null) return null;
  // A group with processes cannot have limited children (no internal processes): ours becomes our group's sibling.
  const parent = join('/sys/fs/cgroup', dirname(own));
  if (!readText(join(parent, 'cgroup.subtree_control')).includes('memory')) return null;
  return join1([join(parent, name)], pid, () => {
    const folder = join(parent, name);
    writeFileSync(join(folder, 'memory.max'), String(memoryBytes));
    writeOptional(join(folder, 'pids.max'), String(MAX_TASKS));
    writeOptional(join(folder, 'cpu.idle'), '1');
  });
}

function joinVersion1(name: string, pid: number, memoryBytes: number): ControlGroup | null {
  const memory = ownGroup('memory');
  const pids = ownGroup('pids');
  if (memory === null) return null;
  const memoryFolder = join('/sys/fs/cgroup/memory', memory, name);
  const pidsFolder = pids === null ? null : join('/sys/fs/cgroup/pids', pids, name);
  return join1(pidsFolder ? [memoryFolder, pidsFolder] : [memoryFolder], pid, () => {
    writeFileSync(join(memoryFolder, 'memory.limit_in_bytes'), String(memoryBytes));
    if (pidsFolder) writeFileSync(join(pidsFolder, 'pids.max'), String(MAX_TASKS));
  });
}

function join1(folders: readonly string[], pid: number, setLimits: () => void): ControlGroup | null {
  const made: string[] = [];
  try {
    for (const folder of folders) {
      mkdirSync(folder);
      made.push(folder);
    }
    setLimits();
    for (const folder of folders) writeFileSync(join(folder, 'cgroup.procs'), String(pid));
    return { folders };
  } catch {
    removeControlGroup(made);
    return null;
  }
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
