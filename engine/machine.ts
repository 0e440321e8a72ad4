import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { putAside, writeFileAtomic } from '../platform/files.ts';

/**
 * What was measured about this machine and is worth remembering (engineFiles.machine): which accelerator boots, which
 * capsule is faster. One JSON object; each part of the engine has keys of its own. All of it can be measured again, so
 * a file that is missing or damaged is an empty one.
 */
const Facts = z.record(z.string(), z.json());

/** Changes to one file follow one another, else two keys written at once would lose one. */
const pending = new Map<string, Promise<void>>();

/** Before the file is first used. @returns where a damaged one was put; null: it is sound, or there is none */
export async function checkFacts(file: string): Promise<string | null> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    Facts.parse(JSON.parse(text));
    return null;
  } catch {
    return putAside(file);
  }
}

/** @returns null where nothing is remembered under that key, or not of that shape (an older version's) */
export async function recallFact<T>(file: string, key: string, schema: z.ZodType<T>): Promise<T | null> {
  await pending.get(file);
  const found = schema.safeParse((await load(file))[key]);
  return found.success ? found.data : null;
}

/**
 * Remembers the value under the key, whatever else the file holds; undefined forgets it.
 * @throws the file system's error where it cannot be written
 */
export function rememberFact(
  file: string,
  key: string,
  value: z.core.util.JSONType | undefined,
): Promise<void> {
  const before = pending.get(file) ?? Promise.resolve();
  const change = before
    .catch(() => {}) // told to whoever asked for that change
    .then(async () => {
      const { [key]: _, ...others } = await load(file);
      const facts = value === undefined ? others : { ...others, [key]: value };
      await writeFileAtomic(file, `${JSON.stringify(facts, null, 2)}\n`);
    });
  const settled = change.catch(() => {});
  pending.set(file, settled);
  void settled.then(() => {
    if (pending.get(file) === settled) pending.delete(file);
  });
  return change;
}

async function load(file: string): Promise<z.infer<typeof Facts>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
  try {
    const facts = Facts.safeParse(JSON.parse(text));
    return facts.success ? facts.data : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
