import { fdatasyncSync } from 'node:fs';
import { NodeFS } from '@electric-sql/pglite/nodefs';

/**
 * PGlite's files on a real disk, with an fsync that is one.
 *
 * Read from PGlite 0.5.16: it starts PostgreSQL with -F (fsync off); its Node file system has no fsync
 * operation, so fd_sync() succeeds without doing anything; and Emscripten's fdatasync(2), which is
 * PostgreSQL's default for its log, is an empty function. Three steps make a commit durable: no -F, this
 * fsync operation, and wal_sync_method=fsync (see pglite.ts). fdatasync is enough below: it writes the file's length too.
 */
export class DurableFiles extends NodeFS {
  override async init(...[pg, options]: Parameters<NodeFS['init']>): ReturnType<NodeFS['init']> {
    const { emscriptenOpts } = await super.init(pg, options);
    const patch = (module: object) => {
      const { NODEFS } = module as {
        NODEFS: { stream_ops: { fsync?: (stream: { nfd: number }) => number } };
      };
      NODEFS.stream_ops.fsync = (stream) => {
        fdatasyncSync(stream.nfd);
        return 0;
      };
    };
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...preRuns(emscriptenOpts.preRun), patch] } };
  }
}

function preRuns<T>(value: T | T[] | undefined): T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
