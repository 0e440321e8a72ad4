import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { NoServer } from '../../read/errors.ts';
import { collect } from '../../read/receive.ts';
import { type ServerOptions, Servers } from '../../read/servers.ts';

/** Where a repository is copied from. */
export interface Origin {
  /** Reads what lies at a path below the repository; `take` may be called again where the first try failed. */
  get<T>(
    path: string,
    take: (body: AsyncIterable<Uint8Array>) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T>;
  close(): void;
}

/** Servers, best first, and through proxies, as readers have them: who fails is passed over. */
export function serverOrigin(urls: readonly string[], options: ServerOptions = {}): Origin {
  const servers = new Servers(urls, options);
  return {
    get: (path, take, signal) => servers.attempt(path, signal, (get) => get(path, take)),
    close: () => servers.close(),
  };
}

export function folderOrigin(folder: string): Origin {
  return {
    async get(path, take) {
      try {
        return await take(createReadStream(join(folder, path)));
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
        throw new NoServer(path, [`${folder} does not have it`]);
      }
    },
    close: () => {},
  };
}

export function getWhole(
  origin: Origin,
  path: string,
  mostBytes: number,
  signal: AbortSignal,
): Promise<Buffer> {
  return origin.get(path, (body) => collect(body, path, mostBytes), signal);
}
