import { chown, mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SavedSession } from '../../../ninep/index.ts';
import { sha256, syncFolder, writeFileAtomic } from '../../../platform/files.ts';
import type { Accelerator } from './args.ts';

/** What must be the same for a saved machine to go on. */
export interface SnapshotKey {
  readonly image: string;
  readonly qemuVersion: string;
  readonly accelerator: Accelerator;
  readonly memoryMb: number;
  /** QEMU's arguments, which name machine, processor and devices. */
  readonly args: readonly string[];
}

const Description = z.strictObject({
  version: z.literal(1),
  image: z.string(),
  qemuVersion: z.string(),
  memoryMb: z.number().int().positive(),
  stateSha256: z.string(),
  bootMs: z.number().nonnegative(),
  software: SavedSession,
  tree: SavedSession,
});
type Description = z.infer<typeof Description>;

export interface Snapshot {
  readonly folder: string;
  /** The guest's memory, to be mapped privately. */
  readonly memoryPath: string;
  /** Devices and processor, QEMU's migration stream without memory. */
  readonly state: Uint8Array;
  readonly bootMs: number;
  readonly software: SavedSession;
  readonly tree: SavedSession;
}

/** Marks folders that are being made; the sweep removes them. */
export const UNFINISHED = '.unfinished-';

const MEMORY = 'memory';
const STATE = 'state';
const DESCRIPTION = 'snapshot.json';

/**
 * One folder a snapshot: memory, state, snapshot.json. Made beside and renamed, so a folder under its own name is whole;
 * what does not check out is removed and reported as missing.
 */
export class SnapshotStore {
  readonly #folder: string;
  readonly #otherImages: () => ReadonlySet<string>;

  /** @param otherImages those that others make snapshots of here and still use */
  constructor(folder: string, otherImages: () => ReadonlySet<string> = () => new Set()) {
    this.#folder = folder;
    this.#otherImages = otherImages;
  }

  async load(key: SnapshotKey): Promise<Snapshot | null> {
    const folder = this.#path(key);
    const memoryPath = join(folder, MEMORY);
    try {
      const text = await readFile(join(folder, DESCRIPTION), 'utf8');
      const description = Description.parse(JSON.parse(text));
      const state = new Uint8Array(await readFile(join(folder, STATE)));
      const { size } = await stat(memoryPath);
      if (size !== key.memoryMb * 1024 * 1024) throw new Error(`memory has ${size} bytes`);
      if (sha256(state) !== description.stateSha256) throw new Error('state is damaged');
      const { bootMs, software, tree } = description;
      return { folder, memoryPath, state, bootMs, software, tree };
    } catch {
      await this.discard(key);
      return null;
    }
  }

  async discard(key: SnapshotKey): Promise<void> {
    await rm(this.#path(key), { recursive: true, force: true });
  }

  /**
   * A folder to make a snapshot in, with its memory file: empty, of the right size.
   * @param userId whose the memory must be for QEMU to open it; null: ours
   */
  async begin(key: SnapshotKey, userId: number | null): Promise<{ folder: string; memoryPath: string }> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const folder = await mkdtemp(`${this.#path(key)}${UNFINISHED}`);
    const memoryPath = join(folder, MEMORY);
    const memory = await open(memoryPath, 'wx', 0o600);
    try {
      await memory.truncate(key.memoryMb * 1024 * 1024);
    } finally {
      await memory.close();
    }
    if (userId !== null) await chown(memoryPath, userId, userId);
    return { folder, memoryPath };
  }

  /** Puts what was made in the folder under its name, and forgets snapshots of other images and QEMU versions. */
  async finish(
    key: SnapshotKey,
    folder: string,
    made: Pick<Snapshot, 'state' | 'bootMs' | 'software' | 'tree'>,
  ): Promise<void> {
    const { state, ...rest } = made;
    const description: Description = {
      version: 1,
      image: key.image,
      qemuVersion: key.qemuVersion,
      memoryMb: key.memoryMb,
      stateSha256: sha256(state),
      ...rest,
    };
    const memory = await open(join(folder, MEMORY), 'r+');
    try {
      await memory.sync();
    } finally {
      await memory.close();
    }
    await writeFileAtomic(join(folder, STATE), state);
    await writeFileAtomic(join(folder, DESCRIPTION), JSON.stringify(description));
    await this.discard(key);
    await rename(folder, this.#path(key));
    await syncFolder(this.#folder);
    await this.#forgetOthers(key);
  }

  async #forgetOthers(key: SnapshotKey): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      if (name.includes(UNFINISHED)) continue;
      const folder = join(this.#folder, name);
      const text = await readFile(join(folder, DESCRIPTION), 'utf8').catch(() => '{}');
      const known = Description.pick({ image: true, qemuVersion: true }).safeParse(jsonOrNull(text)).data;
      if (
        known &&
        (known.image === key.image || this.#otherImages().has(known.image)) &&
        known.qemuVersion === key.qemuVersion
      )
        continue;
      await rm(folder, { recursive: true, force: true });
    }
  }

  #path(key: SnapshotKey): string {
    return join(this.#folder, sha256(JSON.stringify(key)).slice(0, 32));
  }
}

function jsonOrNull(text: string): unknown {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json !== 'object' || json === null) return null;
    const { image, qemuVersion } = json as Record<string, unknown>;
    return { image, qemuVersion };
  } catch {
    return null;
  }
}
