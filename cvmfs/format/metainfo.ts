import { FormatError } from './errors.ts';

/** The M object: JSON for people, of any shape. */
export function decodeMetainfo(plain: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(plain).toString('utf8'));
  } catch (cause) {
    throw new FormatError('metainfo', 'it is not JSON', { cause });
  }
}

export function encodeMetainfo(info: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(info)}\n`);
}
