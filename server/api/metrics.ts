import type { Hono, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import { ApiFailure } from '../errors.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Project } from '../project.ts';
import { equalSecrets } from '../secrets.ts';

/** Times every request. By the route's pattern: paths are without number, and clients choose them. */
export function watchRequests(metrics: Metrics): MiddlewareHandler {
  return async (context, next) => {
    const begun = performance.now();
    await next();
    const route = matchedRoutes(context).findLast(({ path }) => path !== '/*')?.path ?? 'none';
    metrics.requestSeconds.observe(
      { method: context.req.method, route, status: context.res.status },
      (performance.now() - begun) / 1000,
    );
  };
}

/**
 * For Prometheus, with a token of its own. That a request comes from this machine would say nothing: behind a reverse
 * proxy all do.
 */
export function serveMetrics(app: Hono, project: Project, metrics: Metrics): void {
  app.get('/metrics', async (context) => {
    const token = /^Bearer ([A-Za-z0-9_-]{20,200})$/.exec(context.req.header('authorization') ?? '')?.[1];
    if (token === undefined || !equalSecrets(token, project.metricsToken)) {
      throw new ApiFailure(
        401,
        'unknown-token',
        'send the token in metrics.token of the data folder as "Authorization: Bearer TOKEN"',
      );
    }
    return context.text(await metrics.text(), 200, { 'content-type': metrics.contentType });
  });
}
