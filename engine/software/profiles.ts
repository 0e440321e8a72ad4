import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FormatError } from '../../cvmfs/format/errors.ts';
import type { RepositoryPath } from '../../cvmfs/format/paths.ts';
import { CacheFault, NoServer, PathError, Refusal, type Snapshot } from '../../cvmfs/read/index.ts';
import { makeFolder, writeFileAtomic } from '../../platform/files.ts';
import { ReadProfile } from '../../protocol/read-profile.ts';

/** As many as the schema of profiles takes. */
const MOST_OBJECTS = 200_000;

/** The last release of an application that ran here, and what it read. */
const Kept = z.strictObject({ release: z.string(), profile: ReadProfile });

/** In a tree: such a note of somebody's run, for hosts that have none of their own yet. */
const PUBLISHED_NOTE = '.beamtime-profile.json';
/** Of fifty thousand objects; LAMMPS reads a hundred. */
const MOST_NOTE_BYTES = 4 * 1024 * 1024;

/** The note that came with a tree. @returns null where there is none, or it cannot be had: who reads the tree is told why */
export async function publishedNote(snapshot: Snapshot, tree: RepositoryPath): Promise<ReadProfile | null> {
  try {
    const { entry } = await snapshot.lookup(`${tree}/${PUBLISHED_NOTE}`);
    if (entry.kind !== 'file' || entry.size > MOST_NOTE_BYTES) return null;
    return parsed((await snapshot.readFile(`${tree}/${PUBLISHED_NOTE}`)).toString('utf8'))?.profile ?? null;
  } catch (error) {
    const ofReading =
      error instanceof PathError ||
      error instanceof NoServer ||
      error instanceof CacheFault ||
      error instanceof Refusal ||
      error instanceof FormatError;
    if (ofReading) return null;
    throw error;
  }
}

/**
 * What runs of each application read, for the next one that finds the cache cold to load ahead: another version shares most
 * of it. Hints all of them: names of objects are hashes, so one that is lost, old or wrong costs time and nothing else.
 */
export class Profiles {
  readonly #folder: string;

  /** @param folder of one project */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param release where it lies, "/releases/NAME/VERSION" */
  async find(release: string, repository: string): Promise<ReadProfile | null> {
    const profile = (await this.#read(release))?.profile;
    return profile?.repository === repository ? profile : null;
  }

  /** A run that ended early read less than one before it: of one release all that any run read is kept. */
  async keep(release: string, read: ReadProfile): Promise<void> {
    const before = await this.#read(release);
    const isSame = before?.release === release && before.profile.repository === read.repository;
    const known = isSame ? before.profile.objects : [];
    const seen = new Set(known.map(({ object }) => object));
    const more = read.objects.filter(({ object }) => !seen.has(object));
    if (more.length === 0) return;
    const objects = [...known, ...more].slice(0, MOST_OBJECTS);
    const kept: z.infer<typeof Kept> = { release, profile: { ...read, objects } };
    await makeFolder(this.#folder);
    await writeFileAtomic(this.#file(release), JSON.stringify(kept));
  }

  async #read(release: string): Promise<z.infer<typeof Kept> | null> {
    try {
      return parsed(await readFile(this.#file(release), 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  /** One an application. */
  #file(release: string): string {
    const application = release.split('/').slice(1, -1).join('~');
    return join(this.#folder, `${application}.json`);
  }
}

function parsed(text: string): z.infer<typeof Kept> | null {
  try {
    const kept = Kept.safeParse(JSON.parse(text));
    return kept.success ? kept.data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
