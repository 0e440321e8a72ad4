import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { secureHeaders } from 'hono/secure-headers';
import { z } from 'zod';
import type { Logger } from '../../platform/log.ts';
import { PAGE_POLICY, servePage } from '../../platform/serve-page.ts';
import {
  EventsQuery,
  HostAttach,
  HostDetach,
  JoinRequest,
  LeaveRequest,
  LogQuery,
  OwnerQuery,
  PauseRequest,
  PowerReport,
  ShareQuery,
  SharesRequest,
  StopRequest,
  UnitsQuery,
} from '../../protocol/engine-api.ts';
import { Preferences } from '../../protocol/preferences.ts';
import { API_PREFIX } from '../../protocol/project-api.ts';
import type { StateStore } from '../state.ts';
import { ControlError, type EngineControl } from './control.ts';
import { apiError, CONTROL_STATUS, InvalidInput } from './errors.ts';
import { eventStream } from './events.ts';
import { loopbackOnly, tokenRequired } from './guard.ts';

const BODY_BYTES = 64 * 1024;
const HistoryQuery = z.strictObject({ days: z.coerce.number().int().min(1).max(3660).default(30) });

export interface AppOptions {
  readonly store: StateStore;
  readonly control: EngineControl;
  readonly token: string;
  readonly rendererFolder: string | null;
  readonly log: Logger;
  readonly port: () => number;
  /** Ends the event streams. */
  readonly ended: AbortSignal;
}

/** The routes of protocol/engine-api.ts. */
export async function engineApp(options: AppOptions): Promise<Hono> {
  const { store, control, log } = options;
  const app = new Hono();
  app.use(
    secureHeaders({
      contentSecurityPolicy: PAGE_POLICY,
      referrerPolicy: 'no-referrer',
    }),
  );
  app.use(loopbackOnly(options.port));
  app.use(
    bodyLimit({
      maxSize: BODY_BYTES,
      onError: (context) =>
        context.json(apiError('too-large', `a request may have ${BODY_BYTES} bytes at most`), 413),
    }),
  );
  app.use(`${API_PREFIX}/*`, tokenRequired(options.token));

  const api = new Hono();
  api.use(async (context, next) => {
    await next();
    context.header('cache-control', 'no-store');
  });
  api.get('/state', (context) => context.json(store.snapshot()));
  api.get('/events', (context) => {
    const { only } = parsed(EventsQuery, context.req.query());
    return context.body(eventStream(store, options.ended, only), 200, {
      'content-type': 'text/event-stream',
    });
  });
  api.post('/pause', async (context) => {
    await control.pause((await input(context, PauseRequest)).forSeconds);
    return context.body(null, 204);
  });
  api.post('/resume', async (context) => {
    await control.resume();
    return context.body(null, 204);
  });
  api.get('/preferences', (context) => context.json(store.get('preferences')));
  api.put('/preferences', async (context) => {
    await control.setPreferences(await input(context, Preferences));
    return context.json(store.get('preferences'));
  });
  api.post('/join/preview', async (context) =>
    context.json(await control.preview((await input(context, JoinRequest)).invitation)),
  );
  api.post('/join', async (context) => {
    const { invitation, preset = false } = await input(context, JoinRequest);
    return context.json(await control.join(invitation, preset));
  });
  api.post('/leave', async (context) => {
    await control.leave(await input(context, LeaveRequest));
    return context.body(null, 204);
  });
  api.post('/attach', async (context) =>
    context.json(await control.attach(await input(context, HostAttach))),
  );
  api.get('/owner', async (context) =>
    context.json(await control.owner(parsed(OwnerQuery, context.req.query()))),
  );
  api.post('/detach', async (context) => {
    await control.detach(await input(context, HostDetach));
    return context.body(null, 204);
  });
  api.put('/shares', async (context) => {
    await control.setShares((await input(context, SharesRequest)).shares);
    return context.body(null, 204);
  });
  api.post('/power', async (context) => {
    await control.power(await input(context, PowerReport));
    return context.body(null, 204);
  });
  api.post('/work/retry', async (context) => {
    await control.retry();
    return context.body(null, 204);
  });
  api.get('/doctor', async (context) => context.json({ checks: await control.doctor() }));
  api.post('/doctor/:name/remedy', async (context) => {
    const check = await control.remedy(context.req.param('name'));
    if (!check) return context.json(apiError('not-found', 'there is no check of that name'), 404);
    return context.json({ check });
  });
  api.get('/report', async (context) => context.text(await control.report()));
  api.get('/history', async (context) => {
    const { days } = parsed(HistoryQuery, context.req.query());
    return context.json({ days: await control.history(days) });
  });
  api.get('/units', async (context) =>
    context.json(await control.units(parsed(UnitsQuery, context.req.query()))),
  );
  api.get('/share', async (context) =>
    context.json({ points: await control.share(parsed(ShareQuery, context.req.query())) }),
  );
  api.get('/log', async (context) =>
    context.json({ lines: await control.log(parsed(LogQuery, context.req.query())) }),
  );
  api.get('/console/:unitId', async (context) => {
    const text = await control.console(context.req.param('unitId'));
    if (text === null)
      return context.json(apiError('not-found', 'nothing is kept of the console of this work unit'), 404);
    return context.text(text);
  });
  api.post('/stop', async (context) => {
    await control.stop({ finish: (await input(context, StopRequest)).finish });
    return context.body(null, 202);
  });
  app.route(API_PREFIX, api);
  if (options.rendererFolder !== null) servePage(app, options.rendererFolder);

  app.notFound((context) =>
    context.json(apiError('not-found', `there is no ${context.req.method} ${context.req.path}`), 404),
  );
  app.onError((error, context) => {
    if (error instanceof InvalidInput)
      return context.json(apiError('invalid', error.message, error.place), 422);
    if (error instanceof ControlError)
      return context.json(apiError(error.code, error.message, error.place), CONTROL_STATUS[error.code]);
    log.error({ err: error, path: context.req.path }, 'request failed');
    return context.json(apiError('internal', 'the engine met a fault of its own, which is in its log'), 500);
  });
  return app;
}

async function input<T>(context: Context, schema: z.ZodType<T>): Promise<T> {
  const text = await context.req.text();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new InvalidInput(`the body is not JSON: ${cause instanceof Error ? cause.message : cause}`);
  }
  return parsed(schema, value);
}

function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new InvalidInput(issue?.message ?? 'the input does not fit', issue?.path.join('.') || null);
}
