import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileAtomic } from '../../platform/files.ts';
import { DEFAULT_BOUNDS } from '../format/chunker.ts';
import { ALGORITHMS } from '../format/hashes.ts';
import { COMPRESSIONS } from '../format/objects.ts';
import { WrongPlace } from './errors.ts';
import { publisherFiles } from './filenames.ts';

const count = z.number().int().positive();

/** `publisher.json`: what a publisher decided once. A person may edit it. */
export const Settings = z.strictObject({
  repository: z.string(),
  /** Where the repository lies, to be served. */
  folder: z.string(),
  /** Where a copy of it lies that is kept up to date, in an S3-compatible store: "https://HOST/BUCKET/PREFIX". */
  bucket: z.string().optional(),
  algorithm: z.enum(ALGORITHMS).default('sha1'),
  compression: z.enum(COMPRESSIONS).default('zlib'),
  /** Larger files than the least are cut. */
  chunkBytes: z
    .strictObject({ min: count, average: count, max: count })
    .refine(({ min, average, max }) => 32 < min && min <= average && average <= max)
    .default({
      min: DEFAULT_BOUNDS.minBytes,
      average: DEFAULT_BOUNDS.averageBytes,
      max: DEFAULT_BOUNDS.maxBytes,
    }),
  /** For how long readers may go without asking for a newer revision. */
  ttlSeconds: z.number().int().min(1).max(86_400).default(240),
  garbageCollectable: z.boolean().default(true),
  /** Catalogs are split where they would have more entries, into ones with no fewer; null: only where it is asked for. */
  autoCatalogs: z
    .strictObject({ most: count, least: count })
    .nullable()
    .default({ most: 100_000, least: 1000 }),
});
export type Settings = z.infer<typeof Settings>;

/** @throws WrongPlace */
export async function readSettings(folder: string): Promise<Settings> {
  const file = publisherFiles(folder).settings;
  try {
    return Settings.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
      throw new WrongPlace(`${folder} is no publisher’s folder: there is no publisher.json in it`, { cause });
    if (cause instanceof z.ZodError)
      throw new WrongPlace(`${file} is not right: ${z.prettifyError(cause)}`, { cause });
    if (cause instanceof SyntaxError)
      throw new WrongPlace(`${file} is not JSON: ${cause.message}`, { cause });
    throw cause;
  }
}

export async function writeSettings(folder: string, settings: Settings): Promise<void> {
  await writeFileAtomic(
    publisherFiles(folder).settings,
    `${JSON.stringify(Settings.parse(settings), null, 2)}\n`,
  );
}
