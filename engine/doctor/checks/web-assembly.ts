import { advise, type Check, found, ok, problem } from '../check.ts';

/** (module (func (export "f") (result i32) i32.const 42)) */
const ANSWER = Uint8Array.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0],
  ...[7, 5, 1, 1, 0x66, 0, 0, 10, 6, 1, 4, 0, 0x41, 42, 11],
]);

export const webAssembly: Check = {
  name: 'web-assembly',
  title: 'WebAssembly',
  async run() {
    const { instance } = await WebAssembly.instantiate(ANSWER);
    const { f } = instance.exports;
    if (typeof f === 'function' && f() === 42) return ok(found('wasm-runs'));
    return problem(found('wasm-wrong'), advise('newer-version'));
  },
};
