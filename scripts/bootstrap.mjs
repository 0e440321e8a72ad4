// Makes this machine ready, then runs a verb on the pinned Node:  node scripts/bootstrap.mjs VERB [ARGUMENTS]
// Plain JavaScript for any Node >= 18. Every step is a no-op when nothing is to do and safe to interrupt: the
// next run repairs. Set-up talks on stderr only.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { electron, hasDisplay } from './electron/electron.mjs';
import { artefacts } from './setup/artefacts.mjs';
import { dependencies } from './setup/dependencies.mjs';
import { setupLock } from './setup/lock.mjs';
import { node24 } from './setup/node24.mjs';
import { packages } from './setup/packages.mjs';
import { SetupError, say } from './setup/run.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Verb -> what it runs, and how much set-up it needs. */
const VERBS = {
  start: { script: 'cli/demo.ts', packages: 'start', build: true },
  test: { script: 'scripts/run-tests.mjs', packages: 'test', build: true },
  bench: { script: 'bench/run.ts', packages: 'test', build: true },
  'physics-report': { script: 'physics/report/main.ts', packages: 'start', build: false },
  screenshots: { script: 'test/pages/screenshots.ts', packages: 'test', build: true },
  check: { script: 'scripts/check.mjs', packages: null, build: false },
  beamtime: { script: 'cli/main.ts', packages: null, build: false },
  setup: { script: null, packages: 'test', build: true },
};

async function main() {
  const [name = '', ...args] = process.argv.slice(2);
  const verb = VERBS[name];
  if (!verb)
    throw new SetupError(`usage: node scripts/bootstrap.mjs ${Object.keys(VERBS).join('|')} [arguments]`);
  // Every process of ours is TypeScript that Node strips and compiles; what it made of a file last time it finds here.
  process.env.NODE_COMPILE_CACHE ??= join(root, '.cache', 'compiled');
  const unlock = await setupLock(root);
  let node;
  try {
    node = await node24(root);
    await dependencies(root, node);
    const forTests = verb.packages === 'test';
    // `npm start` opens a window where there is something to open it on; tests bring a display of their own.
    const forDesktop = forTests || (verb.packages === 'start' && wantsWindow(args));
    if (verb.packages) await packages(root, { forTests, forDesktop });
    if (forDesktop) await electron(root, node);
    if (verb.build) await artefacts(root, node);
  } finally {
    unlock();
  }
  if (verb.script) process.exitCode = await hand(node, [join(root, verb.script), ...args]);
}

/** The arguments that keep `npm start` from opening anything. */
function wantsWindow(args) {
  return hasDisplay() && !args.some((arg) => arg === '--no-open' || arg.startsWith('--work-units'));
}

/**
 * Runs the verb in the foreground. It shares our terminal, so Ctrl-C reaches it directly; the IPC channel tells
 * it when we are gone, however we went.
 */
function hand(node, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, PATH: `${dirname(node)}:${process.env.PATH ?? ''}` },
    });
    // SIGINT from a terminal reaches the child too; SIGTERM and SIGHUP come to us alone.
    process.on('SIGINT', () => {});
    for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
    child.on('error', (cause) => reject(new SetupError(`cannot run ${node}: ${cause.message}`, { cause })));
    child.on('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
  });
}

const oldest = 18;
if (Number(process.versions.node.split('.')[0]) < oldest) {
  say(
    `this needs Node ${oldest} or newer; here is ${process.versions.node}. Install a newer Node and run the same command again.`,
  );
  process.exitCode = 1;
} else {
  main().catch((error) => {
    say(error instanceof SetupError ? error.message : (error.stack ?? String(error)));
    process.exitCode = 1;
  });
}
