import { fileURLToPath } from 'node:url';
import type { Platform } from '../../../protocol/release.ts';
import { compileForTest } from '../../../wasi/testkit/compile.ts';

/** The program of the capsule tests, see probe.c. */
export function probe(platform: Platform): Promise<string> {
  return compileForTest(fileURLToPath(new URL('./probe.c', import.meta.url)), platform);
}
