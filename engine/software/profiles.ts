import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { makeFolder, writeFileAtomic } from '../../platform/files.ts';
import { ReadProfile } from '../../protocol/read-profile.ts';

/** As many as the schema of profiles takes. */
const MOST_OBJECTS = 200_000;

/** The last release of an application that ran here, and what it read. */
const Kept = z.strictObject({ release: z.string(), profile: ReadProfile });

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
      const kept = Kept.safeParse(JSON.parse(await readFile(this.#file(release), 'utf8')));
      return kept.success ? kept.data : null;
    } catch (error) {
      if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  /** One an application. */
  #file(release: string): string {
    const application = release.split('/').slice(1, -1).join('~');
    return join(this.#folder, `${application}.json`);
  }
}
