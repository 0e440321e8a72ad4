import { z } from 'zod';
import { Moment } from './primitives.ts';

/**
 * What staff note on histograms of a campaign: text, for everybody who looks at them.
 *
 *     GET  /campaigns/:id/notes          Notes    (public)
 *     PUT  /staff/campaigns/:id/notes    NoteChange -> Notes; an empty text takes the note away
 */

/** A histogram's name, or "data:" and the id of a table of measurements. */
const NoteSubject = z.string().min(1).max(200);

export const Note = z.strictObject({ histogram: NoteSubject, text: z.string(), at: Moment });
export type Note = z.infer<typeof Note>;

export const Notes = z.strictObject({ notes: z.array(Note) });
export type Notes = z.infer<typeof Notes>;

export const NoteChange = z.strictObject({ histogram: NoteSubject, text: z.string().max(2000) });
export type NoteChange = z.infer<typeof NoteChange>;
