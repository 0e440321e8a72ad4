/** As this process compiles WebAssembly (vitest.config.ts), so do those that tests start: a server's start costs a quarter less. */
export const COMPILING = process.execArgv.filter((flag) => /^--(liftoff|wasm)/.test(flag));
