import { mkdir, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeFileAtomic } from '../platform/files.ts';
import type { Logger } from '../platform/log.ts';
import { Preferences } from '../protocol/preferences.ts';

/**
 * What the volunteer allows, from engineFiles.preferences; the gentle defaults where there is no such file. A damaged
 * file is put aside, never overwritten: it may hold a limit that somebody needs.
 */
export async function loadPreferences(path: string, log: Logger): Promise<Preferences> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Preferences.parse({});
    throw error;
  }
  try {
    return Preferences.parse(JSON.parse(text));
  } catch (error) {
    const aside = `${path}.damaged`;
    log.error({ err: error, movedTo: aside }, 'preferences unreadable; put aside, defaults used');
    await rename(path, aside);
    return Preferences.parse({});
  }
}

export async function savePreferences(path: string, preferences: Preferences): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomic(path, `${JSON.stringify(preferences, null, 2)}\n`);
}
