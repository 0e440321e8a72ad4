import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { limitModule, UnfitProgram } from './module-limits.ts';
import { compileForTest } from './testkit/compile.ts';
import { handmade } from './testkit/handmade.ts';

let program: Uint8Array;
beforeAll(async () => {
  const source = fileURLToPath(new URL('./testkit/surroundings.c', import.meta.url));
  program = await readFile(await compileForTest(source, 'wasm32-wasi'));
});

/** A module of one memory (and tables), written by hand. */
function withMemory(limits: number[], tables: number[] = []): Uint8Array {
  const memory = [5, limits.length + 1, 1, ...limits];
  return Uint8Array.from([
    0,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    ...tables,
    ...memory,
    7,
    10,
    1,
    6,
    ...Buffer.from('memory'),
    2,
    0,
  ]);
}

async function memoryOf(module: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Memory> {
  const { exports } = await WebAssembly.instantiate(await WebAssembly.compile(module), {});
  if (!(exports.memory instanceof WebAssembly.Memory)) throw new Error('no memory');
  return exports.memory;
}

test.each([
  ['no maximum', [0, 1]],
  ['a larger maximum', [1, 1, 0x80, 0x80, 4]],
])('a memory with %s grows to the limit and no further', async (_, limits) => {
  const memory = await memoryOf(limitModule(withMemory(limits), 2));
  expect(memory.grow(31)).toBe(1);
  expect(() => memory.grow(1)).toThrow(RangeError);
  expect(memory.buffer.byteLength).toBe(2 * 2 ** 20);
});

test('a memory with a smaller maximum keeps it', async () => {
  const memory = await memoryOf(limitModule(withMemory([1, 1, 3]), 2));
  expect(memory.grow(2)).toBe(1);
  expect(() => memory.grow(1)).toThrow(RangeError);
});

test('numbers written longer than need be mean the same', async () => {
  const memory = await memoryOf(limitModule(withMemory([0, 0x82, 0x80, 0x80, 0x80, 0]), 1));
  expect(memory.buffer.byteLength).toBe(2 * 65536);
});

test('tells in words what does not fit', () => {
  const refusal = (module: Uint8Array, memoryMb = 1) => {
    try {
      limitModule(module, memoryMb);
      return null;
    } catch (error) {
      if (error instanceof UnfitProgram) return error.message;
      throw error;
    }
  };
  expect(refusal(withMemory([0, 33]), 2)).toBe(
    'the program needs 3 MB of memory to start; its limit is 2 MB',
  );
  expect(refusal(withMemory([0, 32]), 2)).toBeNull();
  expect(refusal(withMemory([3, 1, 2]))).toMatch(/shared or 64-bit/);
  expect(refusal(withMemory([4, 1]))).toMatch(/shared or 64-bit/);
  expect(refusal(withMemory([0, 1], [4, 6, 1, 0x70, 0, 0x80, 0x89, 0x7a]))).toMatch(/table is too large/);
  expect(refusal(withMemory([0, 1], [4, 1, 5]))).toMatch(/5 tables/);
  expect(refusal(Buffer.from('#!/bin/sh\n'))).toBe('the program is not a WebAssembly module');
  expect(refusal(new Uint8Array(0))).toBe('the program is not a WebAssembly module');
  expect(refusal(withMemory([0, 0xff, 0xff, 0xff, 0xff, 0xff]))).toMatch(/damaged/);
  expect(refusal(program.subarray(0, 50))).toMatch(/damaged/);
});

test('all else of a real program stays as it is', async () => {
  const limited = limitModule(program, 64);
  const describe = (module: WebAssembly.Module) => [
    WebAssembly.Module.imports(module),
    WebAssembly.Module.exports(module),
  ];
  expect(describe(await WebAssembly.compile(limited))).toEqual(
    describe(await WebAssembly.compile(Uint8Array.from(program))),
  );
  expect(limitModule(limited, 64)).toEqual(limited);
});

test('a damaged program is refused here or by the compiler, never accepted with more memory', async () => {
  const whole = handmade([]);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(whole.length - 1),
      fc.integer({ min: 0, max: 255 }),
      fc.nat(whole.length),
      async (at, byte, cut) => {
        const damaged = Uint8Array.from(whole);
        damaged[at] = byte;
        let limited: Uint8Array<ArrayBuffer>;
        try {
          limited = limitModule(cut % 3 === 0 ? damaged.subarray(0, cut) : damaged, 1);
        } catch (error) {
          expect(error).toBeInstanceOf(UnfitProgram);
          return;
        }
        const module = await WebAssembly.compile(limited).catch((error: unknown) => error);
        if (module instanceof WebAssembly.Module) expect(limitModule(limited, 1)).toEqual(limited);
        else expect(module).toBeInstanceOf(WebAssembly.CompileError);
      },
    ),
    { numRuns: 3000 },
  );
});
