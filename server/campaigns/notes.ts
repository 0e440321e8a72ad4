import type { Note, NoteChange } from '../../protocol/notes.ts';
import { ApiFailure } from '../errors.ts';
import type { Releases } from '../releases.ts';
import type { Database, Queryable } from '../store/database.ts';
import { campaignId } from './read.ts';

/** @returns null where there is no such campaign */
export async function campaignNotes(db: Database, idOrName: string): Promise<Note[] | null> {
  const id = await campaignId(db, idOrName);
  return id === null ? null : notesOf(db, id);
}

async function notesOf(db: Queryable, id: number): Promise<Note[]> {
  const rows = await db.query<{ histogram: string; text: string; at: Date }>(
    'SELECT histogram, text, at FROM note WHERE campaign_id = $1 ORDER BY histogram',
    [id],
  );
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

/**
 * Puts a note on a histogram that the campaign's release has, or takes it away.
 * @returns all notes of the campaign; null where there is no such campaign
 * @throws ApiFailure 422
 */
export async function changeNote(
  db: Database,
  releases: Releases,
  idOrName: string,
  { histogram, text }: NoteChange,
  now: Date,
): Promise<Note[] | null> {
  const id = await campaignId(db, idOrName);
  if (id === null) return null;
  const [row] = await db.query<{ release_id: number }>('SELECT release_id FROM campaign WHERE id = $1', [id]);
  if (!row) return null;
  const { histograms, references = [] } = await releases.get(row.release_id);
  const isThere =
    histograms.some(({ name }) => name === histogram) ||
    references.some((table) => `data:${table.id}` === histogram);
  if (!isThere) {
    const words = `the campaign has no histogram "${histogram}"; name one of its release, or "data:" and a table's id`;
    throw new ApiFailure(422, 'no-such-histogram', words, { place: 'histogram' });
  }
  return db.transaction(async (tx) => {
    if (text.trim() === '')
      await tx.query('DELETE FROM note WHERE campaign_id = $1 AND histogram = $2', [id, histogram]);
    else
      await tx.query(
        `INSERT INTO note (campaign_id, histogram, text, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (campaign_id, histogram) DO UPDATE SET text = excluded.text, at = excluded.at`,
        [id, histogram, text, now.toISOString()],
      );
    return notesOf(tx, id);
  });
}
