import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Hono } from 'hono';
import { ApiFailure } from '../errors.ts';
import type { Project } from '../project.ts';
import { readText } from './bytes.ts';
import { FOR_EVER, rangedAnswer } from './ranged.ts';

/** Repositories are named as hosts are; what they hold has no other names than these, which are CernVM-FS's. */
const REPOSITORY = /^[a-z0-9][a-z0-9.-]{0,59}$/;
const SIGNED = /^\.cvmfs(published|whitelist|reflog|_master_replica|_last_snapshot)$/;
const OBJECT = /^data\/[0-9a-f]{2}\/[0-9a-f]{38}(-[a-z0-9]{1,12})?[A-Z]?$/;
/** In one request. */
const MOST_PACKED = 64;

/**
 * The project's software: each folder (or link to one) below `cvmfs/` in the server's data folder is served as a CernVM-FS
 * server does. Files are looked up for each request, so a publication is seen at once and nothing has to be restarted.
 * Beyond what such a server does, several small objects can be had in one answer: POST /cvmfs/NAME/pack.
 */
export function serveRepositories(app: Hono, project: Project): void {
  app.get('/cvmfs/:repository/:path{.+}', async (context) => {
    const { repository, path } = context.req.param();
    const isObject = OBJECT.test(path);
    const isKnown = REPOSITORY.test(repository) && (isObject || SIGNED.test(path));
    const file = join(project.files.repositories, repository, path);
    const facts = isKnown ? await stat(file).catch(absent) : null;
    if (!facts?.isFile()) {
      throw new ApiFailure(404, 'no-such-file', `no repository here has ${context.req.path}`);
    }
    const answer = await rangedAnswer(context, {
      bytes: facts.size,
      etag: `"${facts.size.toString(36)}-${Math.round(facts.mtimeMs * 1000).toString(36)}"`,
      cacheControl: isObject ? FOR_EVER : 'no-cache',
      open: async (start, end) => Readable.toWeb(createReadStream(file, { start, end })) as ReadableStream,
    });
    // Readers of ours ask for several objects at once where they find this.
    if (!isObject) answer.headers.set('beamtime-pack', '1');
    return answer;
  });
  app.post('/cvmfs/:repository/pack', async (context) => {
    const { repository } = context.req.param();
    const paths = (await readText(context, MOST_PACKED * 100, project.limits)).split('\n');
    if (
      !REPOSITORY.test(repository) ||
      paths.length > MOST_PACKED ||
      !paths.every((path) => OBJECT.test(path))
    )
      throw new ApiFailure(400, 'pack', `name at most ${MOST_PACKED} objects, one a line`);
    const files = paths.map((path) => join(project.files.repositories, repository, path));
    return new Response(Readable.toWeb(Readable.from(packed(files))) as ReadableStream, {
      headers: { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' },
    });
  });
}

/** For each file a line with its length and its bytes, or a line "-" (cvmfs/read/unpack.ts reads it). */
async function* packed(files: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const path of files) {
    const file = await open(path).catch(absent);
    if (file === null) {
      yield Buffer.from('-\n');
      continue;
    }
    try {
      yield Buffer.from(`${(await file.stat()).size}\n`);
      yield* file.createReadStream({ autoClose: false });
    } finally {
      await file.close();
    }
  }
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
  throw error;
}
