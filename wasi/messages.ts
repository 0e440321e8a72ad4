import type { NodeKind } from '../ninep/tree.ts';
import type { WasiErrnoName } from './abi.ts';

/**
 * What a program's thread asks of the side that holds the tree. A message is
 *
 *     headerLength:u32le header:JSON data:bytes
 *
 * with data only where bytes travel (write and console ask, read answers). Sizes and offsets are numbers: the caller
 * has checked that they are whole and below 2^53. Names and paths are byte strings (see Tree).
 */
export interface FileOperations {
  open: { ask: OpenRequest; answer: { handle: number; kind: NodeKind } };
  close: { ask: { handle: number }; answer: object };
  read: { ask: { handle: number; offset: number; count: number }; answer: object };
  /** offset null: at the end, whatever the file's size is then */
  write: { ask: { handle: number; offset: number | null }; answer: object };
  /** skip 0 lists anew; fewer than limit entries mean the end */
  list: { ask: { handle: number; skip: number; limit: number }; answer: { entries: ListedEntry[] } };
  attributes: { ask: Place; answer: FileFacts };
  setSize: { ask: { handle: number; size: number }; answer: object };
  /** nanoseconds since 1970 as decimal digits, "now", or null to leave it */
  setTimes: { ask: Place & { accessed: string | null; modified: string | null }; answer: object };
  sync: { ask: { handle: number }; answer: object };
  makeDirectory: { ask: Entry; answer: object };
  makeSymlink: { ask: Entry & { target: string }; answer: object };
  makeLink: { ask: { from: Entry & { follow: boolean }; to: Entry }; answer: object };
  readLink: { ask: Entry; answer: { target: string } };
  rename: { ask: { from: Entry; to: Entry }; answer: object };
  unlink: { ask: Entry & { directory: boolean }; answer: object };
  /** `more` is false once the console's limit is reached: what follows may be dropped where it arises */
  console: { ask: object; answer: { more: boolean } };
}
export type FileOperation = keyof FileOperations;

/** A path below an open directory. */
export interface Entry {
  at: number;
  path: string;
}

/** An open file or directory (path null), or a path below it. */
export interface Place {
  at: number;
  path: string | null;
  follow: boolean;
}

export interface OpenRequest extends Entry {
  follow: boolean;
  create: boolean;
  directory: boolean;
  exclusive: boolean;
  truncate: boolean;
  read: boolean;
  write: boolean;
  append: boolean;
}

export interface ListedEntry {
  name: string;
  kind: NodeKind;
  inode: number;
}

export interface FileFacts {
  kind: NodeKind;
  inode: number;
  links: number;
  size: number;
}

/** The root directory, open from the start. */
export const ROOT_HANDLE = 0;
/** Most bytes of data in one message. */
export const MAX_DATA_BYTES = 128 * 1024;
/** Names are at most 255 bytes, at most six characters each in JSON; so a listing of this many fits a message. */
export const LIST_LIMIT = 64;
export const MAX_MESSAGE_BYTES = 256 * 1024;

export interface Request {
  op: FileOperation;
  ask: unknown;
}
export type Answer = { errno: WasiErrnoName } | { answer: object };

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const NO_DATA = new Uint8Array(0);

export function encodeMessage(header: Request | Answer, data: Uint8Array = NO_DATA): Uint8Array<ArrayBuffer> {
  const json = encoder.encode(JSON.stringify(header));
  const message = new Uint8Array(4 + json.length + data.length);
  new DataView(message.buffer).setUint32(0, json.length, true);
  message.set(json, 4);
  message.set(data, 4 + json.length);
  return message;
}

/** @throws RangeError or SyntaxError on bytes that encodeMessage does not make */
export function decodeMessage<Header extends Request | Answer>(
  message: Uint8Array,
): { header: Header; data: Uint8Array } {
  const length = new DataView(message.buffer, message.byteOffset, message.byteLength).getUint32(0, true);
  if (4 + length > message.length) throw new RangeError('message shorter than its header says');
  const header: Header = JSON.parse(decoder.decode(message.subarray(4, 4 + length)));
  return { header, data: message.subarray(4 + length) };
}
