import type { ReadProfile } from '../../protocol/read-profile.ts';
import type { WantedObject } from './objects.ts';

/** As many as the schema takes; not imported from it, since readers do without its library. */
const MOST_READ_OBJECTS = 200_000;

/** Notes what is read, each object once. Those whose size is not known beforehand are few, and left out. */
export class Recorder {
  /** In the order of their first use. */
  readonly #objects = new Map<string, ReadProfile['objects'][number]>();

  note({ hash, suffix, compression, mostBytes, exact }: WantedObject): void {
    const object = `${hash}${suffix}`;
    if (this.#objects.size >= MOST_READ_OBJECTS) return;
    if (!exact || (suffix !== '' && suffix !== 'C' && suffix !== 'P') || this.#objects.has(object)) return;
    this.#objects.set(object, {
      object,
      bytes: mostBytes,
      ...(compression === 'none' ? { compression } : {}),
    });
  }

  profile(repository: string): ReadProfile {
    return { kind: 'read-profile', repository, objects: [...this.#objects.values()] };
  }
}

export function wantedOf({ objects }: ReadProfile): WantedObject[] {
  return objects.map(({ object, bytes, compression }): WantedObject => {
    const suffix = object.endsWith('C') ? 'C' : object.endsWith('P') ? 'P' : '';
    const hash = object.slice(0, object.length - suffix.length);
    return { hash, suffix, compression: compression ?? 'zlib', mostBytes: bytes, exact: true };
  });
}
