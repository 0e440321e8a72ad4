/** The capsule driver for programs built for WASI. */
export { type WasmDriverOptions, wasmDriver } from './driver.ts';
