import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { putAside, writeFileAtomic } from '../platform/files.ts';
import { Preferences } from '../protocol/preferences.ts';

export interface LoadedPreferences {
  readonly preferences: Preferences;
  /** Where a damaged file was put; null: it was sound, or there is none. */
  readonly damagedAt: string | null;
}

/**
 * What the volunteer allows, from engineFiles.preferences; the gentle defaults where there is no such file. A damaged
 * file is put aside, never overwritten: it may hold a limit that somebody needs.
 */
export async function loadPreferences(path: string): Promise<LoadedPreferences> {
  const defaults = Preferences.parse({});
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return { preferences: defaults, damagedAt: null };
    throw error;
  }
  try {
    return { preferences: Preferences.parse(JSON.parse(text)), damagedAt: null };
  } catch {
    return { preferences: defaults, damagedAt: await putAside(path) };
  }
}

export async function savePreferences(path: string, preferences: Preferences): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomic(path, `${JSON.stringify(preferences, null, 2)}\n`);
}
