import { FormatError } from '../../format/errors.ts';
import { type ContentHash, objectPath, type Suffix } from '../../format/hashes.ts';
import { decodeObject } from '../../format/objects.ts';
import { RepositoryDamaged } from '../errors.ts';
import type { Place } from './place.ts';

const MOST_OBJECT_BYTES = 2 ** 31;

/** A small compressed object's content, checked. @throws RepositoryDamaged */
export async function readPlaced(place: Place, hash: ContentHash, suffix: Suffix): Promise<Buffer> {
  const path = objectPath(hash, suffix);
  const stored = await place.read(path);
  if (!stored) throw new RepositoryDamaged(`${path} is missing in ${place.shown}`);
  try {
    return decodeObject(hash, stored, MOST_OBJECT_BYTES);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new RepositoryDamaged(`${path} is damaged in ${place.shown}`, { cause });
  }
}
