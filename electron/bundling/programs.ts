import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * Files that are started by their path, as processes or threads: source -> name of its bundle. Unbuilt, each is found
 * beside whoever starts it (`new URL('./child.ts', import.meta.url)`); built, all bundles lie in one folder.
 */
export const PROGRAMS: Readonly<Record<string, string>> = {
  'electron/engine/child.ts': 'engine',
  'engine/history/process.ts': 'history',
  'engine/capsules/wasm/child.ts': 'wasm-capsule',
  'wasi/worker.ts': 'wasm-program',
};

const STARTED = /new URL\(\s*'(\.{1,2}\/[^']+\.ts)',\s*import\.meta\.url\s*\)/g;

/** Points what starts another program at that program's bundle. A program that is not in the table fails the build. */
export function programPaths(root: string): Plugin {
  return {
    name: 'program-paths',
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (path.includes('node_modules')) return null;
        const source = await readFile(path, 'utf8');
        if (!source.includes('import.meta.url')) return null;
        const contents = source.replaceAll(STARTED, (_, target: string) => {
          const program = relative(root, join(dirname(path), target)).replaceAll('\\', '/');
          const name = PROGRAMS[program];
          if (!name)
            throw new Error(`${program} is started by ${path} but is not in electron/bundling/programs.ts`);
          return `new URL('./${name}.mjs', import.meta.url)`;
        });
        return { contents, loader: 'ts' };
      });
    },
  };
}
