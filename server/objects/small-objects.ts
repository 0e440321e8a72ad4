import { Batcher } from '../dispatch/batcher.ts';
import { batch, type Database, type Queryable } from '../store/database.ts';
import { type Entry, PackDamaged, type Packs, type Place } from './packs.ts';

const FIND = `
  SELECT encode(sha256, 'hex') AS sha256, pack, start, bytes, deflated FROM packed
  WHERE sha256 IN (SELECT decode(asked, 'hex') FROM unnest($1::text[]) AS asked)`;

/** In one order, so that two servers with the same objects wait for each other and never both. */
const ADD = `
  INSERT INTO packed (sha256, pack, start, bytes, deflated)
  SELECT decode(sha256, 'hex'), pack, start, bytes, deflated
  FROM jsonb_to_recordset($1) AS came (sha256 text, pack integer, start bigint, bytes integer, deflated integer)
  ORDER BY sha256
  ON CONFLICT (sha256) DO NOTHING`;

const FORGET = `DELETE FROM packed WHERE sha256 = decode($1, 'hex')`;

/** An object in a pack, not yet known to the store. */
export type Packed = Place & { readonly sha256: string };

/** Objects that came with reports: their bytes in packs, where they lie in the store. */
export class SmallObjects {
  readonly #db: Database;
  readonly #packs: Packs;
  readonly #places: Batcher<string, Place | null>;

  constructor(db: Database, packs: Packs) {
    this.#db = db;
    this.#packs = packs;
    this.#places = new Batcher(
      async (hashes) => {
        const found = await this.find(hashes);
        return hashes.map((hash) => found.get(hash) ?? null);
      },
      256,
      (hash) => hash,
    );
  }

  /** Where one lies; asked together with others. */
  place(sha256: string): Promise<Place | null> {
    return this.#places.do(sha256);
  }

  async find(hashes: readonly string[]): Promise<Map<string, Place>> {
    if (hashes.length === 0) return new Map();
    const rows = await this.#db.query<Packed>(FIND, [hashes]);
    return new Map(rows.map(({ sha256, ...place }) => [sha256, place]));
  }

  /** @returns null where the pack has no such bytes any more */
  async read(place: Place): Promise<Buffer | null> {
    try {
      return await this.#packs.read(place);
    } catch (error) {
      if (error instanceof PackDamaged) return null;
      throw error;
    }
  }

  /** Puts on disk what is not there yet. It counts once add() has told the store. */
  async write(entries: readonly Entry[]): Promise<Packed[]> {
    const known = await this.find(entries.map((entry) => entry.sha256));
    const fresh = [...new Map(entries.map((entry) => [entry.sha256, entry])).values()].filter(
      (entry) => !known.has(entry.sha256),
    );
    const places = await this.#packs.append(fresh);
    return places.map((place, i) => ({ ...place, sha256: fresh[i]?.sha256 ?? '' }));
  }

  async add(tx: Queryable, packed: readonly Packed[]): Promise<void> {
    if (packed.length > 0) await tx.query(ADD, [batch(packed)]);
  }

  async forget(sha256: string): Promise<void> {
    await this.#db.transaction((tx) => tx.query(FORGET, [sha256]));
  }
}
