import { Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { PublishError } from '../../cvmfs/publish/index.ts';
import { S3Fault } from '../../platform/s3.ts';
import { PAGE_POLICY, servePage } from '../../platform/serve-page.ts';
import type { ApiError } from '../../protocol/project-api.ts';
import { ApiFailure } from '../errors.ts';
import { Metrics } from '../metrics/metrics.ts';
import { ObjectDamaged } from '../objects/errors.ts';
import type { Project } from '../project.ts';
import { StoreError, StoreUnreachable } from '../store/database.ts';
import { accountRoutes } from './accounts.ts';
import { campaignRoutes } from './campaigns.ts';
import { catalogueRoutes } from './catalogue.ts';
import { allowFrames, serveEmbed } from './embed.ts';
import { hostRoutes } from './hosts.ts';
import { instituteRoutes } from './institute.ts';
import { invitationRoutes } from './invitations.ts';
import { liveRoutes } from './live.ts';
import { serveMetrics, watchRequests } from './metrics.ts';
import { objectRoutes } from './objects.ts';
import { openApi } from './openapi.ts';
import { passkeyRoutes } from './passkeys.ts';
import { peopleRoutes } from './people.ts';
import { projectRoutes } from './project.ts';
import { recoveryRoutes } from './recovery.ts';
import { releaseRoutes } from './releases.ts';
import { serveRepositories } from './repository.ts';
import { sandboxRoot } from './root-page.ts';
import { mount, type Route } from './route.ts';
import { staffRoutes } from './staff.ts';
import { statisticsRoutes } from './statistics.ts';
import { workRoutes } from './work.ts';

export const routes: readonly Route[] = [
  ...projectRoutes,
  ...catalogueRoutes,
  ...liveRoutes,
  ...hostRoutes,
  ...releaseRoutes,
  ...objectRoutes,
  ...workRoutes,
  ...accountRoutes,
  ...passkeyRoutes,
  ...instituteRoutes,
  ...recoveryRoutes,
  ...peopleRoutes,
  ...invitationRoutes,
  ...statisticsRoutes,
  ...staffRoutes,
  ...campaignRoutes,
];

/**
 * The whole HTTP side of a project.
 * @param pageFolder the built page of the project; null: it has an API alone
 */
export function projectApp(project: Project, pageFolder: string | null = null): Hono {
  const app = new Hono();
  const metrics = new Metrics(project);
  app.use(watchRequests(metrics));
  // Answers hold tokens, or what only a token's owner may see: what may be kept by others says so itself.
  app.use(async (context, next) => {
    await next();
    const { res } = context;
    if (!res.headers.has('cache-control')) res.headers.set('cache-control', 'no-store');
    // Volunteers' machines wrote some of it; a browser that is led there must run nothing.
    if (res.headers.get('content-type') === 'application/octet-stream')
      res.headers.set('content-security-policy', "default-src 'none'; sandbox");
  });
  if (pageFolder !== null) {
    allowFrames(app);
    sandboxRoot(app);
  }
  app.use(secureHeaders({ contentSecurityPolicy: { ...PAGE_POLICY, frameSrc: ["'self'"] } }));
  serveMetrics(app, project, metrics);
  mount(app, routes, project);
  serveRepositories(app, project);
  const document = openApi(routes);
  app.get('/openapi.json', (context) => context.json(document));
  if (pageFolder !== null) {
    servePage(app, pageFolder);
    serveEmbed(app, pageFolder);
    app.get('/people', (context) => context.redirect('/people/index.html'));
  }
  app.notFound((context) =>
    context.json(
      apiError('no-such-route', `there is no ${context.req.method} ${context.req.path}; see /openapi.json`),
      404,
    ),
  );
  app.onError((error, context) => {
    const { status, answer, retryAfterSeconds } = refusal(error);
    // What is still to come of a body that dribbles is not waited for.
    if (status === 408) context.header('connection', 'close');
    if (retryAfterSeconds !== null) context.header('retry-after', String(retryAfterSeconds));
    if (context.req.raw.signal.aborted)
      project.log.debug({ err: error, path: context.req.path }, 'the client went away');
    else if (status >= 500) project.log.error({ err: error, path: context.req.path }, 'request failed');
    else project.log.debug({ code: answer.error.code, path: context.req.path }, error.message);
    return context.json(answer, status);
  });
  return app;
}

interface Refusal {
  readonly status: ContentfulStatusCode;
  readonly answer: ApiError;
  readonly retryAfterSeconds: number | null;
}

/** When to come again after a trouble that needs a person. */
const TROUBLE_SECONDS = 60;
/** A PostgreSQL server, or a bucket's, that starts anew. */
const AWAY_SECONDS = 5;

function refusal(error: Error): Refusal {
  if (error instanceof ApiFailure) {
    const { status, code, message, place, retryAfterSeconds } = error;
    return { status, answer: apiError(code, message, place), retryAfterSeconds };
  }
  if (error instanceof ObjectDamaged) {
    return { status: 410, answer: apiError('object-damaged', error.message), retryAfterSeconds: null };
  }
  if (error instanceof S3Fault) {
    const words = error.isAway
      ? 'the project can not reach the bucket with its objects just now; nothing is lost. Ask again soon'
      : 'the bucket with the objects of the project refuses its server; its staff must look. Try again later';
    const retryAfterSeconds = error.isAway ? AWAY_SECONDS : TROUBLE_SECONDS;
    return { status: 503, answer: apiError('objects-away', words), retryAfterSeconds };
  }
  if (error instanceof StoreUnreachable) {
    const words = 'the project can not reach its store just now; nothing is lost. Ask again soon';
    return { status: 503, answer: apiError('store-away', words), retryAfterSeconds: AWAY_SECONDS };
  }
  if (error instanceof StoreError) {
    const words = 'the project can not read or write its store; its staff must look. Try again later';
    return { status: 503, answer: apiError('store', words), retryAfterSeconds: TROUBLE_SECONDS };
  }
  if (error instanceof PublishError) {
    const words = `the project's software can not be published: ${error.message}. Mend that, and push again`;
    return { status: 503, answer: apiError('software', words), retryAfterSeconds: TROUBLE_SECONDS };
  }
  if (['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) {
    const words = "the project's disk is full; its staff must make room. Try again later";
    return { status: 503, answer: apiError('disk-full', words), retryAfterSeconds: TROUBLE_SECONDS };
  }
  const words = 'the server met a fault of its own, which is in its log; try again later';
  return { status: 500, answer: apiError('internal', words), retryAfterSeconds: null };
}

function apiError(code: string, message: string, place: string | null = null): ApiError {
  return { error: { code, message, place } };
}
