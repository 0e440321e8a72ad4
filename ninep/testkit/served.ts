import { mkdir, mkdtemp, readdir, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  hostFolder,
  type ListenOptions,
  memoryTree,
  type NinepServer,
  serve9p,
  type Tree,
} from '../index.ts';
import { Client } from './client.ts';
import { RawClient } from './raw-client.ts';

/** A folder that is gone after the test. */
export async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ninep-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface Served {
  readonly server: NinepServer;
  /** Defects and broken peers; a test that expects none ends by looking. */
  readonly errors: unknown[];
  client(options?: { msize?: number; aname?: string }): Promise<Client>;
  raw(): Promise<RawClient>;
}

/** Serves a tree on a socket until the test ends. */
export async function served(
  tree: ListenOptions['tree'],
  options: Partial<ListenOptions> = {},
): Promise<Served> {
  const errors: unknown[] = [];
  const server = await serve9p({
    tree,
    socketPath: join(await scratch(), '9p'),
    onError: (error) => errors.push(error),
    ...options,
  });
  onTestFinished(() => server.close());
  return {
    server,
    errors,
    client: (how) => Client.connect(server.socketPath, how),
    raw: () => RawClient.connect(server.socketPath),
  };
}

export interface Kind {
  readonly name: string;
  /** An empty writable tree. */
  make(): Promise<{ readonly tree: Tree; readonly folder: string | null }>;
}

/** The trees that hold files, for tests which each must pass. */
export const STORING_TREES: readonly Kind[] = [
  {
    name: 'host folder',
    make: async () => {
      const folder = join(await scratch(), 'served');
      await mkdir(folder);
      return { tree: hostFolder(folder), folder };
    },
  },
  { name: 'memory', make: async () => ({ tree: memoryTree(), folder: null }) },
];

/** Files (not directories) below a folder that this process has open, removed ones included. */
export async function openFilesBelow(folder: string): Promise<string[]> {
  const open: string[] = [];
  for (const fd of await readdir('/proc/self/fd')) {
    const path = `/proc/self/fd/${fd}`;
    const target = await readlink(path).catch(() => '');
    if (!target.startsWith(folder)) continue;
    if (
      await stat(path).then(
        (stats) => stats.isFile(),
        () => false,
      )
    )
      open.push(target);
  }
  return open;
}

/** Polls until it holds; fails loudly when it never does. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const until = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > until) throw new Error(`not within 10 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
