/** How far a publication is; one object that is updated. */
export interface Progress {
  phase: 'looking' | 'storing' | 'catalogs' | 'finishing';
  /** Entries looked at. */
  entries: number;
  /** Regular files done, also those found unchanged. */
  files: number;
  bytes: number;
  unchangedFiles: number;
  unchangedBytes: number;
  newObjects: number;
  newObjectBytes: number;
}

export function makeProgress(): Progress {
  return {
    phase: 'looking',
    entries: 0,
    files: 0,
    bytes: 0,
    unchangedFiles: 0,
    unchangedBytes: 0,
    newObjects: 0,
    newObjectBytes: 0,
  };
}
