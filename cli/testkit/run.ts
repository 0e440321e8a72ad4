import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMPILING } from '../../server/testkit/compiling.ts';

const MAIN = join(dirname(dirname(fileURLToPath(import.meta.url))), 'main.ts');

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A home of its own for a test: `beamtime` as a person would run it, with all data below one temporary folder. */
export async function makeHome(): Promise<{
  readonly folder: string;
  run(...args: string[]): Promise<Ran>;
  /** Starts a command that stays; resolves with its first line of output that matches. */
  stay(
    args: readonly string[],
    ready: RegExp,
  ): Promise<{ line: string; child: ChildProcess; end(): Promise<Ran> }>;
  remove(): Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'beamtime-cli-'));
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const env = { PATH, NODE_COMPILE_CACHE, HOME: folder, BEAMTIME_DATA: join(folder, 'data') };
  const begin = (args: readonly string[]) =>
    spawn(process.execPath, [...COMPILING, MAIN, ...args], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  return {
    folder,
    run: async (...args) => collect(begin(args)).ended,
    async stay(args, ready) {
      const child = begin(args);
      const output = collect(child);
      const line = await output.find(ready);
      return {
        line,
        child,
        end: () => {
          child.kill('SIGTERM');
          return output.ended;
        },
      };
    },
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}

function collect(child: ChildProcess) {
  let out = '';
  let err = '';
  const looking: (() => void)[] = [];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    for (const look of looking) look();
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const ended = new Promise<Ran>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
  const find = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const line = out.split('\n').find((one) => pattern.test(one));
        if (line !== undefined) resolve(line);
      };
      looking.push(look);
      look();
      void ended.then(({ code }) =>
        reject(new Error(`ended with ${code} before it said ${pattern}: ${out}${err}`)),
      );
    });
  return { ended, find };
}
