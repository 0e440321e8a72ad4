import { CALLS, type CallName, WASI_MODULE } from '../abi.ts';

/** One host call with its arguments: i32 as number (taken modulo 2^32), i64 as bigint (modulo 2^64). */
export interface HandmadeCall {
  readonly name: CallName;
  readonly args: readonly (number | bigint)[];
}

/** Where the module puts the errors it gets, one u32 each. */
export const RESULTS = 60_000;
const MEMORY_PAGES = 1;

/**
 * A module, byte by byte (WebAssembly core specification 2.0, chapter 5), that makes the calls in order, stores what each
 * returns from RESULTS on, and exits with 0.
 * @param data what its memory holds from address 0 on
 */
export function handmade(calls: readonly HandmadeCall[], data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const names = Object.keys(CALLS) as CallName[];
  const type = (name: CallName) => {
    const parameters = [...CALLS[name]].map((letter) => (letter === 'I' ? I64 : I32));
    return [0x60, ...vector(parameters.map((p) => [p])), ...vector(name === 'proc_exit' ? [] : [[I32]])];
  };
  const start = names.length;
  const code: number[] = [];
  for (const [i, { name, args }] of calls.entries()) {
    const returns = name !== 'proc_exit';
    if (returns) code.push(...i32(RESULTS + 4 * i));
    for (const [j, arg] of args.entries()) {
      const letter = CALLS[name][j];
      code.push(...(letter === 'I' ? i64(BigInt(arg)) : i32(Number(BigInt.asIntN(32, BigInt(arg))))));
    }
    code.push(0x10, ...leb(names.indexOf(name)));
    if (returns) code.push(0x36, 2, 0); // i32.store align=4 offset=0
  }
  const body = [0, ...code, 0x0b];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector([...names.map(type), [0x60, 0, 0]])),
    ...section(2, vector(names.map((name, i) => [...text(WASI_MODULE), ...text(name), 0, ...leb(i)]))),
    ...section(3, vector([leb(names.length)])),
    ...section(5, vector([[0, MEMORY_PAGES]])),
    ...section(
      7,
      vector([
        [...text('memory'), 2, 0],
        [...text('_start'), 0, ...leb(start)],
      ]),
    ),
    ...section(10, vector([[...leb(body.length), ...body]])),
    ...section(11, vector([[0, ...i32(0), 0x0b, ...leb(data.length), ...data]])),
  ]);
}

const I32 = 0x7f;
const I64 = 0x7e;

function section(id: number, content: number[]): number[] {
  return [id, ...leb(content.length), ...content];
}

function vector(items: number[][]): number[] {
  return [...leb(items.length), ...items.flat()];
}

function text(value: string): number[] {
  const bytes = Buffer.from(value);
  return [...leb(bytes.length), ...bytes];
}

function i32(value: number): number[] {
  return [0x41, ...signedLeb(BigInt(value | 0))];
}

function i64(value: bigint): number[] {
  return [0x42, ...signedLeb(BigInt.asIntN(64, value))];
}

function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

function signedLeb(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    if ((rest === 0n && (byte & 0x40) === 0) || (rest === -1n && (byte & 0x40) !== 0))
      return [...bytes, byte];
    bytes.push(byte | 0x80);
  }
}
