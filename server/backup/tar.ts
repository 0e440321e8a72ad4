const BLOCK_BYTES = 512;
const SIZE_DIGITS = 11;

/** One block before a file's bytes: ustar (POSIX.1-1988), and GNU's way of writing sizes from 8 GiB up. */
export function tarHeader(
  path: string,
  bytes: number,
  mode: number,
  kind: 'file' | 'folder' = 'file',
): Buffer {
  const { name, prefix } = split(path);
  const header = Buffer.alloc(BLOCK_BYTES);
  header.write(name, 0, 100, 'latin1');
  header.write(octal(mode, 7), 100, 'latin1');
  header.write(octal(0, 7), 108, 'latin1');
  header.write(octal(0, 7), 116, 'latin1');
  if (bytes < 8 ** SIZE_DIGITS) {
    header.write(octal(bytes, SIZE_DIGITS), 124, 'latin1');
  } else {
    header[124] = 0x80;
    header.writeBigUInt64BE(BigInt(bytes), 128);
  }
  header.write(octal(0, SIZE_DIGITS), 136, 'latin1');
  header.write(`        ${kind === 'file' ? 0 : 5}`, 148, 'latin1');
  header.write('ustar\0', 257, 'latin1');
  header.write('00', 263, 'latin1');
  header.write(prefix, 345, 155, 'latin1');
  const sum = header.reduce((all, byte) => all + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
  return header;
}

/** What fills up a file's last block. */
export function tarPadding(bytes: number): Buffer {
  return Buffer.alloc((BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES);
}

/** Two blocks of zeros end an archive. */
export const TAR_END = Buffer.alloc(2 * BLOCK_BYTES);

function split(path: string): { name: string; prefix: string } {
  if (path.length <= 100) return { name: path, prefix: '' };
  const slash = path.indexOf('/', path.length - 101);
  if (slash < 1 || slash > 155) throw new Error(`${path} is too long a path for a tar archive`);
  return { name: path.slice(slash + 1), prefix: path.slice(0, slash) };
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
