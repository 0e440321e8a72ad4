import { WasiError } from './abi.ts';

/**
 * The program's memory, as its host calls see it. Every pointer and length comes from the program and is checked
 * (FAULT). Views are made anew when the memory has grown, since growing detaches the old buffer.
 */
export class GuestMemory {
  readonly #memory: WebAssembly.Memory;
  #view: DataView;
  #bytes: Uint8Array;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#view = new DataView(memory.buffer);
    this.#bytes = new Uint8Array(memory.buffer);
  }

  /** A view of the program's bytes; it must not be kept across host calls. */
  bytes(pointer: number, length: number): Uint8Array {
    this.#check(pointer, length);
    return this.#bytes.subarray(pointer, pointer + length);
  }

  /** A path or name: a byte string, one character per byte (see Tree). */
  text(pointer: number, length: number): string {
    const bytes = this.bytes(pointer, length);
    let text = '';
    for (const byte of bytes) text += String.fromCharCode(byte);
    return text;
  }

  u32(pointer: number): number {
    return this.#at(pointer, 4).getUint32(pointer, true);
  }

  u16(pointer: number): number {
    return this.#at(pointer, 2).getUint16(pointer, true);
  }

  u8(pointer: number): number {
    return this.#at(pointer, 1).getUint8(pointer);
  }

  u64(pointer: number): bigint {
    return this.#at(pointer, 8).getBigUint64(pointer, true);
  }

  setU8(pointer: number, value: number): void {
    this.#at(pointer, 1).setUint8(pointer, value);
  }

  setU16(pointer: number, value: number): void {
    this.#at(pointer, 2).setUint16(pointer, value, true);
  }

  setU32(pointer: number, value: number): void {
    this.#at(pointer, 4).setUint32(pointer, value, true);
  }

  setU64(pointer: number, value: bigint): void {
    this.#at(pointer, 8).setBigUint64(pointer, value, true);
  }

  /** Copies as much of the byte string as fits. @returns how many bytes were copied */
  setText(pointer: number, room: number, text: string): number {
    const count = Math.min(room, text.length);
    const bytes = this.bytes(pointer, count);
    for (let i = 0; i < count; i++) bytes[i] = text.charCodeAt(i);
    return count;
  }

  clear(pointer: number, length: number): void {
    this.bytes(pointer, length).fill(0);
  }

  #at(pointer: number, length: number): DataView {
    this.#check(pointer, length);
    return this.#view;
  }

  #check(pointer: number, length: number): void {
    if (this.#bytes.buffer !== this.#memory.buffer) {
      this.#view = new DataView(this.#memory.buffer);
      this.#bytes = new Uint8Array(this.#memory.buffer);
    }
    if (pointer + length > this.#bytes.length) throw new WasiError('FAULT');
  }
}
