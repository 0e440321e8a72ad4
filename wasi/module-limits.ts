/**
 * A program's memory limit, written into the program: WebAssembly checks a memory's declared maximum itself, at
 * every growth, so capping that number is the whole enforcement (WebAssembly core specification 2.0, 5.5: binary modules).
 *
 *     module  := "\0asm" 01 00 00 00 section*
 *     section := id:byte size:u32 content          4 = tables, 5 = memories, 11 = data
 *     tables  := count:u32 (reftype:byte limits)*  memories := count:u32 limits*
 *     limits  := 00 min:u32 | 01 min:u32 max:u32   (other flags: shared or 64-bit memory)
 */
export class UnfitProgram extends Error {
  override readonly name = 'UnfitProgram';
}

export const PAGE_BYTES = 65536;
/** Function tables cost host memory too; compilers make one of a few thousand entries. */
const TABLE_ENTRIES = 1_000_000;
const TABLES = 4;
const SECTION = { TABLE: 4, MEMORY: 5 } as const;

/**
 * @param module a program in WebAssembly's binary format; what is not touched here, the compiler checks
 * @returns the same program, its memory limited to memoryMb and its tables to a fixed size
 * @throws UnfitProgram when it needs more from the start, or is not such a program, in words for a person
 */
export function limitModule(module: Uint8Array, memoryMb: number): Uint8Array<ArrayBuffer> {
  const reader = new Reader(module);
  const magic = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  if (module.length < magic.length || magic.some((byte, i) => module[i] !== byte)) {
    throw new UnfitProgram('the program is not a WebAssembly module');
  }
  reader.position = magic.length;
  const parts: Uint8Array[] = [module.subarray(0, magic.length)];
  while (reader.position < module.length) {
    const start = reader.position;
    const id = reader.byte();
    const size = reader.u32();
    const end = reader.position + size;
    if (end > module.length) throw cutOff();
    if (id === SECTION.MEMORY || id === SECTION.TABLE) {
      const content =
        id === SECTION.MEMORY
          ? memories(reader, Math.floor((memoryMb * 2 ** 20) / PAGE_BYTES))
          : tables(reader);
      if (reader.position !== end)
        throw new UnfitProgram('the program file is damaged: a section has a wrong length');
      parts.push(Uint8Array.from([id, ...leb128(content.length), ...content]));
    } else {
      parts.push(module.subarray(start, end));
    }
    reader.position = end;
  }
  const limited = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    limited.set(part, at);
    at += part.length;
  }
  return limited;
}

function memories(reader: Reader, pages: number): number[] {
  if (reader.u32() !== 1) throw new UnfitProgram('the program does not have exactly one memory');
  const { minimum, maximum } = limits(reader);
  if (minimum > pages) {
    const needs = Math.ceil((minimum * PAGE_BYTES) / 2 ** 20);
    throw new UnfitProgram(
      `the program needs ${needs} MB of memory to start; its limit is ${(pages * PAGE_BYTES) / 2 ** 20} MB`,
    );
  }
  return [1, 1, ...leb128(minimum), ...leb128(Math.min(maximum, pages))];
}

function tables(reader: Reader): number[] {
  const count = reader.u32();
  if (count > TABLES)
    throw new UnfitProgram(`the program has ${count} tables; at most ${TABLES} are offered`);
  const content = [count];
  for (let i = 0; i < count; i++) {
    const type = reader.byte();
    const { minimum, maximum } = limits(reader);
    if (minimum > TABLE_ENTRIES)
      throw new UnfitProgram(`the program's function table is too large (${minimum})`);
    content.push(type, 1, ...leb128(minimum), ...leb128(Math.min(maximum, TABLE_ENTRIES)));
  }
  return content;
}

function limits(reader: Reader): { minimum: number; maximum: number } {
  const flags = reader.byte();
  if (flags > 1) throw new UnfitProgram('the program uses shared or 64-bit memory, which is not offered');
  const minimum = reader.u32();
  return { minimum, maximum: flags === 1 ? reader.u32() : 2 ** 32 - 1 };
}

function leb128(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}

function cutOff(): UnfitProgram {
  return new UnfitProgram('the program file is damaged: it ends too early');
}

class Reader {
  position = 0;
  readonly #bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    const byte = this.#bytes[this.position++];
    if (byte === undefined) throw cutOff();
    return byte;
  }

  /** Unsigned LEB128, at most 5 bytes, as the specification has u32. */
  u32(): number {
    let value = 0;
    for (let scale = 1, i = 0; i < 5; i++, scale *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value >= 2 ** 32) break;
        return value;
      }
    }
    throw new UnfitProgram('the program file is damaged: a number is too long');
  }
}
