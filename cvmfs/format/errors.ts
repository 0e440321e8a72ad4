/** What a piece of a repository was read as when it turned out to be none. */
export type FormatPart =
  | 'manifest'
  | 'whitelist'
  | 'certificate'
  | 'hash'
  | 'object'
  | 'catalog'
  | 'history'
  | 'reflog'
  | 'chunks'
  | 'xattr'
  | 'geo reply'
  | 'metainfo'
  | 'path';

/** Bytes that are not what they should be: damaged, hostile, or of a version that is not known here. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
  readonly part: FormatPart;
  constructor(part: FormatPart, reason: string, options?: ErrorOptions) {
    super(`not a valid ${part}: ${reason}`, options);
    this.part = part;
  }
}
