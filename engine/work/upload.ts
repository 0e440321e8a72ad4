import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflate } from '../../platform/deflate.ts';
import { sha256, sha256File } from '../../platform/files.ts';
import type { OutputFile } from '../../protocol/primitives.ts';
import { MAX_INLINE_BYTES, type ReportedFile, type UploadState } from '../../protocol/project-api.ts';
import type { ProjectClient } from '../project/client.ts';
import { ProjectBadAnswer } from '../project/errors.ts';

/** The file on disk is no longer what was hashed when the run ended. */
export class OutputLost extends Error {
  override readonly name = 'OutputLost';
}

/** A cut connection loses at most this much; the server's state says where to go on. */
const CHUNK_BYTES = 1024 * 1024;
/** Answers that do not bring us forward (another offset, damaged on the way) before we come back later. */
const SETBACKS = 5;

/** Which files go with the report itself: the smallest ones, as many as it may carry. */
export function goingWithReport(files: readonly OutputFile[]): Set<OutputFile> {
  const going = new Set<OutputFile>();
  let total = 0;
  for (const file of [...files].sort((a, b) => a.bytes - b.bytes)) {
    total += file.bytes;
    if (total > MAX_INLINE_BYTES) break;
    going.add(file);
  }
  return going;
}

/**
 * An output file as it goes with a report.
 * @param folder the unit's out/ folder
 * @throws OutputLost, the file system's error
 */
export async function readOutput(folder: string, file: OutputFile): Promise<ReportedFile> {
  const bytes = await readFile(join(folder, file.path)).catch((cause) => {
    throw gone(cause, file);
  });
  if (sha256(bytes) !== file.sha256) throw new OutputLost(`${file.path} has changed`);
  return withBytes(file, bytes);
}

/** A file as it goes with a report: its bytes in it, compressed where that gains something. */
export async function withBytes(file: OutputFile, bytes: Buffer): Promise<ReportedFile> {
  const deflated = await deflate(bytes);
  return { ...file, data: (deflated ?? bytes).toString('base64'), ...(deflated && { deflated: true }) };
}

/**
 * Sends one output file, from where the server's bytes end.
 * @param folder the unit's out/ folder
 * @throws OutputLost, ProjectError, the file system's error
 */
export async function uploadFile(
  client: ProjectClient,
  folder: string,
  file: OutputFile,
  signal: AbortSignal,
): Promise<void> {
  const path = join(folder, file.path);
  let upload: UploadState = await client.uploadState(file.sha256, signal);
  if (upload.complete) return;
  const handle = await open(path, 'r').catch((cause) => {
    throw gone(cause, file);
  });
  try {
    if ((await handle.stat()).size !== file.bytes)
      throw new OutputLost(`${file.path} has changed its length`);
    let setbacks = 0;
    while (!upload.complete) {
      const bytes = new Uint8Array(
        Math.max(0, Math.min(client.pieceBytes(CHUNK_BYTES), file.bytes - upload.offset)),
      );
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, upload.offset);
      if (bytesRead < bytes.length) throw new OutputLost(`${file.path} has become shorter`);
      const before = upload.offset;
      const answer = await client.upload(file.sha256, before, file.bytes, bytes, signal);
      if (answer.state === 'corrupt') {
        if ((await sha256File(path)) !== file.sha256) throw new OutputLost(`${file.path} has changed`);
        upload = { offset: 0, complete: false };
      } else {
        upload = answer.upload;
      }
      const forward = upload.complete || upload.offset > before;
      if (!forward && ++setbacks > SETBACKS) {
        throw new ProjectBadAnswer(
          `${client.url} does not take ${file.path} as it was computed; tried again later`,
        );
      }
    }
  } finally {
    await handle.close();
  }
}

function gone(cause: unknown, file: OutputFile): unknown {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    ? new OutputLost(`${file.path} is gone`, { cause })
    : cause;
}
