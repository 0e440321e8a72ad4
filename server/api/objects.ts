import { z } from 'zod';
import { Sha256 } from '../../protocol/primitives.ts';
import { UploadState } from '../../protocol/project-api.ts';
import { ApiFailure } from '../errors.ts';
import { HashMismatch, TooLarge } from '../objects/errors.ts';
import { ComingElsewhere, NothingDue, TakenOver, WrongOffset } from '../objects/uploads.ts';
import { BodyBytes } from './bytes.ts';
import { FOR_EVER, rangedAnswer } from './ranged.ts';
import { route } from './route.ts';

/** No release may allow a larger output (Release.limits.outputBytes). */
const MAX_UPLOAD_BYTES = 1e9;

/** A connection that hangs is given up after some seconds. */
const ELSEWHERE_SECONDS = 5;

const ByHash = z.strictObject({ sha256: Sha256 });
const Length = z
  .string()
  .regex(/^\d{1,10}$/, 'expected a whole number of bytes')
  .transform(Number)
  .refine((bytes) => bytes <= MAX_UPLOAD_BYTES, `no upload may have more than ${MAX_UPLOAD_BYTES} bytes`);

export const objectRoutes = [
  route({
    method: 'get',
    path: '/objects/{sha256}',
    who: 'anyone',
    summary: 'The bytes of an immutable object; one range may be asked for',
    parameters: ByHash,
    answer: 'bytes',
    refusals: { 404: 'no such object', 416: 'the range is beyond the end' },
    async handle({ project, parameters, context }) {
      const { sha256 } = parameters;
      const bytes = await project.objects.size(sha256);
      if (bytes === null) {
        throw new ApiFailure(404, 'no-such-object', `the project does not hold object ${sha256}`);
      }
      return rangedAnswer(context, {
        bytes,
        etag: `"${sha256}"`,
        cacheControl: FOR_EVER,
        open: (from, to) => project.objects.stream(sha256, from, to),
      });
    },
  }),
  route({
    method: 'get',
    path: '/uploads/{sha256}',
    who: 'host',
    summary: 'How far an upload of this host has come',
    parameters: ByHash,
    answer: UploadState,
    handle: ({ project, caller, parameters }) => project.uploads.state(caller.hostId, parameters.sha256),
  }),
  route({
    method: 'patch',
    path: '/uploads/{sha256}',
    who: 'host',
    summary: 'Appends bytes at upload-offset; complete when upload-length bytes came and have that hash',
    parameters: ByHash,
    headers: z.object({ 'upload-offset': Length, 'upload-length': Length }),
    body: 'bytes',
    answer: UploadState,
    refusals: {
      403: 'this host has no lease whose output may be that large',
      409: 'the offset is not where the upload stands; the answer is an UploadState',
      413: 'more bytes than announced',
      422: 'the whole does not have that hash; it begins anew',
      503: 'the same file is coming in on another connection',
    },
    async handle({ project, caller, parameters, headers, context }) {
      const chunks = new BodyBytes(context, project.limits);
      try {
        const state = await project.uploads.append({
          hostId: caller.hostId,
          sha256: parameters.sha256,
          offset: headers['upload-offset'],
          length: headers['upload-length'],
          chunks,
          allowedBytes: await project.allowedBytes(caller.hostId),
        });
        await chunks.drain();
        return state;
      } catch (error) {
        if (!(error instanceof TakenOver)) await chunks.drain();
        if (error instanceof WrongOffset) return context.json(error.state, 409);
        if (error instanceof ComingElsewhere) {
          throw new ApiFailure(503, 'coming-elsewhere', error.message, {
            retryAfterSeconds: ELSEWHERE_SECONDS,
            cause: error,
          });
        }
        if (error instanceof NothingDue) {
          throw new ApiFailure(403, 'nothing-due', error.message, {
            place: 'header upload-length',
            cause: error,
          });
        }
        if (error instanceof HashMismatch) {
          throw new ApiFailure(422, 'hash-mismatch', error.message, { place: 'body', cause: error });
        }
        if (error instanceof TooLarge)
          throw new ApiFailure(413, 'too-large', error.message, { cause: error });
        throw error;
      }
    },
  }),
];
