import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '../../platform/files.ts';
import type { Logger } from '../../platform/log.ts';
import { parseS3Address, S3, type S3Credentials, S3Fault } from '../../platform/s3.ts';
import { ServerStartError } from '../errors.ts';
import type { ServerFiles } from '../files.ts';

export interface BucketSettings {
  /** "https://HOST/BUCKET/PREFIX" */
  readonly url: string;
  readonly credentials: S3Credentials;
}

/** Says whose bucket it is: beside the objects. */
const MARK = 'beamtime-project';
/** Hosts are told to come again, which costs less than to let them wait. */
const PATIENCE = { waitsMs: [200, 800], answerMs: 20_000 };

/** @returns where a project's objects are but in its folder; null: they are there */
export async function bucketOf({ bucket }: ServerFiles): Promise<string | null> {
  const text = await readFile(bucket, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text.split('\n')[0] || null;
}

/**
 * Sees that the bucket is this project's, and can be read and written. One that this project has used already may be away.
 * @throws ServerStartError
 */
export async function openBucket(
  files: ServerFiles,
  settings: BucketSettings | undefined,
  fingerprint: string,
  log: Logger,
  signal: AbortSignal,
): Promise<S3 | null> {
  const before = await bucketOf(files);
  if (!settings) {
    if (before === null) return null;
    throw new ServerStartError(
      `the objects of ${files.dataFolder} are in ${before}: say so with the setting objects, or bring them back (docs/operations.md)`,
    );
  }
  const { url, credentials } = settings;
  const address = parseS3Address(url);
  if (!address)
    throw new ServerStartError(`"${url}" is no bucket; one is like https://s3.example.org/bucket/project`);
  const s3 = new S3(address, credentials, signal, PATIENCE);
  try {
    const mark = (await s3.ask({ method: 'GET', key: MARK }))?.toString('utf8').trim() ?? null;
    if (mark === null && before !== null) {
      throw new ServerStartError(
        `${url} does not hold this project's objects, which are in ${before}: copy all of that first (docs/operations.md)`,
      );
    }
    if (mark !== null && mark !== fingerprint) {
      throw new ServerStartError(
        `${url} is of the project with key ${mark}, the data folder ${files.dataFolder} of that with key ${fingerprint}; give each a bucket, or a prefix, of its own`,
      );
    }
    // Also where it is there: keys that may only read are noticed now.
    await s3.ask({ method: 'PUT', key: MARK, body: Buffer.from(`${fingerprint}\n`) });
  } catch (cause) {
    if (!(cause instanceof S3Fault)) throw cause;
    if (!cause.isAway || before !== url) {
      throw new ServerStartError(
        `the bucket of the setting objects can not be used (${cause.message}); mend its address, its keys or what they may do there`,
        { cause },
      );
    }
    log.warn({ err: cause, url }, 'the bucket with the objects is away; hosts are asked to come again');
  }
  if (before !== url) await writeFileAtomic(files.bucket, `${url}\nHere lie the objects of this project.\n`);
  return s3;
}
