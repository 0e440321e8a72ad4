import { copyFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { PROGRAMS, programPaths } from './programs.ts';

const require = createRequire(import.meta.url);

/** Electron 25, the oldest this runs on (tests), has Node 18 and Chromium 114. */
const COMMON: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node18',
  minify: true,
  lineLimit: 200,
  // Names of classes are in messages and logs.
  keepNames: true,
  legalComments: 'none',
  logLevel: 'warning',
};

/** Packages that are CommonJS inside ask for Node's modules by require(), and where they lie by __dirname. */
const NODE_WORDS = [
  "import { createRequire as __createRequire } from 'node:module';",
  "import { dirname as __dirnameOf } from 'node:path';",
  "import { fileURLToPath as __pathOf } from 'node:url';",
  'const require = __createRequire(import.meta.url);',
  'const __filename = __pathOf(import.meta.url);',
  'const __dirname = __dirnameOf(__filename);',
].join('\n');

/** The engine and what it starts, as ES modules that share their common parts; loaded lazily where the source does. */
export async function bundleEngine(root: string, folder: string): Promise<void> {
  const engine: BuildOptions = {
    ...COMMON,
    outdir: folder,
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    splitting: true,
    banner: { js: NODE_WORDS },
    plugins: [programPaths(root)],
  };
  const programs = Object.entries(PROGRAMS).map(([source, out]) => ({ in: join(root, source), out }));
  await build({ ...engine, entryPoints: programs, chunkNames: 'part-[hash]' });
  // What `npm start` runs. A build of its own: parts shared with the above would run before electron/older-node.ts.
  await build({
    ...engine,
    entryPoints: { 'engine-command': join(root, 'cli/engine-process.ts') },
    chunkNames: 'command-[hash]',
  });
  // SQLite's module looks for its WebAssembly beside itself.
  const sqlite = dirname(require.resolve('node-sqlite3-wasm'));
  await copyFile(join(sqlite, 'node-sqlite3-wasm.wasm'), join(folder, 'node-sqlite3-wasm.wasm'));
}

/** Main process and preload: CommonJS, since a sandboxed preload and an Electron before 28 know nothing else. */
export async function bundleShell(root: string, folder: string): Promise<void> {
  const shell: BuildOptions = { ...COMMON, format: 'cjs', external: ['electron'] };
  await build({
    ...shell,
    entryPoints: { main: join(root, 'electron/main.ts'), updates: join(root, 'electron/updates/updater.ts') },
    outdir: folder,
    outExtension: { '.js': '.cjs' },
  });
  await build({
    ...shell,
    target: 'chrome114',
    entryPoints: { preload: join(root, 'electron/bridge/preload.ts') },
    outdir: folder,
    outExtension: { '.js': '.cjs' },
  });
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(await manifest(root), null, 2)}\n`);
}

/** What Electron and electron-builder read; without dependencies, for everything is bundled. */
async function manifest(root: string): Promise<Record<string, unknown>> {
  const { version, license, description } = require(join(root, 'package.json'));
  // Until the project has a home: a package must name one, and this name is reserved for nobody (RFC 2606).
  const home = { author: 'The Beamtime authors', homepage: 'https://beamtime.example/' };
  return {
    name: 'beamtime',
    ...home,
    productName: 'Beamtime',
    version,
    license,
    description,
    main: 'main.cjs',
  };
}
