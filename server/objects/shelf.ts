/** Where objects that came alone lie: a folder, or a bucket. */
export interface Shelf {
  /** @returns null where there is no such object */
  size(sha256: string): Promise<number | null>;
  /** The whole object. @throws ObjectDamaged */
  read(sha256: string): Promise<Buffer | null>;
  /** @param to last byte, inclusive. @throws ObjectDamaged */
  stream(sha256: string, from: number, to: number): Promise<ReadableStream | null>;
  /**
   * Takes a file, whose bytes are known to have that hash and are synced; it is gone from its place then. What this
   * resolves for stays.
   */
  adopt(sha256: string, path: string): Promise<void>;
}
