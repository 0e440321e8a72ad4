/** Writes the "newc" archive that Linux unpacks as its initial file system (kernel: early-userspace/buffer-format). */

export type CpioEntry =
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number }
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly data: Uint8Array }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  | { readonly kind: 'character'; readonly path: string; readonly mode: number; readonly device: Device };

export interface Device {
  readonly major: number;
  readonly minor: number;
}

const FORMAT: Record<CpioEntry['kind'], number> = {
  directory: 0o040000,
  file: 0o100000,
  symlink: 0o120000,
  character: 0o020000,
};

/**
 * The archive of the entries in the given order (a directory before what is in it). Times are 0 and owners root,
 * so the bytes depend on nothing but the entries.
 *
 * @throws RangeError for a path that is empty, absolute or holds a NUL byte
 */
export function writeCpio(entries: readonly CpioEntry[]): Uint8Array {
  const parts = entries.flatMap((entry, index) => record(entry, index + 1));
  parts.push(...member('TRAILER!!!', new Uint8Array(), [0, 0, 0, 0, 1]));
  return Buffer.concat(parts);
}

function record(entry: CpioEntry, inode: number): Uint8Array[] {
  if (entry.path === '' || entry.path.startsWith('/') || entry.path.includes('\0')) {
    throw new RangeError(`not a relative path: ${JSON.stringify(entry.path)}`);
  }
  const permissions = entry.kind === 'symlink' ? 0o777 : entry.mode;
  const links = entry.kind === 'directory' ? 2 : 1;
  const device = entry.kind === 'character' ? entry.device : { major: 0, minor: 0 };
  return member(entry.path, content(entry), [
    inode,
    FORMAT[entry.kind] | permissions,
    device.major,
    device.minor,
    links,
  ]);
}

function content(entry: CpioEntry): Uint8Array {
  if (entry.kind === 'file') return entry.data;
  return entry.kind === 'symlink' ? Buffer.from(entry.target) : new Uint8Array();
}

/**
 * magic "070701", then 13 numbers of 8 hexadecimal digits: inode, mode, uid, gid, links, mtime, size,
 * device major and minor, special device major and minor, length of the name with its NUL, checksum (0);
 * then name and data, each padded to 4 bytes.
 */
function member(name: string, data: Uint8Array, numbers: readonly [number, number, number, number, number]) {
  const [inode, mode, major, minor, links] = numbers;
  const nameBytes = Buffer.from(`${name}\0`);
  const fields = [inode, mode, 0, 0, links, 0, data.length, 0, 0, major, minor, nameBytes.length, 0];
  const header = Buffer.from(
    `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`,
    'latin1',
  );
  return [header, nameBytes, padding(header.length + nameBytes.length), data, padding(data.length)];
}

function padding(length: number): Uint8Array {
  return new Uint8Array((4 - (length % 4)) % 4);
}
