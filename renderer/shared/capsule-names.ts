const NAMES: Readonly<Record<string, string>> = { qemu: 'Micro VM', wasm: 'WebAssembly' };

/** A capsule's kind for people; one this page does not know goes by its own name. */
export function capsuleName(kind: string): string {
  return NAMES[kind] ?? kind;
}
