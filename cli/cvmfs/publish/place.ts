import { FolderPlace, type Place } from '../../../cvmfs/publish/index.ts';
import type { Input } from '../../command.ts';
import { UsageError } from '../../errors.ts';

/** A folder, or "https://HOST/BUCKET/PREFIX" of an S3-compatible store, whose keys are in the environment. @throws UsageError */
export async function placeOf(input: Input, text: string): Promise<Place> {
  if (!/^https?:\/\//.test(text)) return new FolderPlace(text);
  const { bucketPlace } = await import('../../../cvmfs/publish/places/bucket.ts');
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION } = input.env;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY)
    throw new UsageError('a bucket needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment');
  const credentials = {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    region: AWS_REGION ?? 'us-east-1',
    ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
  };
  const place = bucketPlace(text, credentials, input.stopping);
  if (!place)
    throw new UsageError(`"${text}" is no bucket; one is like https://s3.example.org/bucket/sw.example.org`);
  return place;
}
