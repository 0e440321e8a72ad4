import type { Context, Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { z } from 'zod';
import { storable } from '../../protocol/primitives.ts';
import { API_PREFIX } from '../../protocol/project-api.ts';
import { STAFF_PREFIX } from '../../protocol/staff-api.ts';
import { appendAudit } from '../audit/trail.ts';
import type { RequestLimits } from '../limits.ts';
import type { Project } from '../project.ts';
import { type Caller, type Door, whoCalls } from './auth.ts';
import { readText } from './bytes.ts';
import { parseJson, parseWith } from './input.ts';

/** JSON and text are small where the route does not say otherwise; bytes have routes of their own. */
const MAX_TEXT_BYTES = 1_000_000;

type Schema = z.ZodType;
type Body = Schema | 'bytes' | 'text';
type BodyValue<B extends Body | undefined> = B extends Schema
  ? z.output<B>
  : B extends 'text'
    ? string
    : undefined;
type Value<S extends Schema | undefined> = S extends Schema ? z.output<S> : undefined;

/**
 * One operation of the API, described once: this is what serves it and what OpenAPI is generated from.
 * Path parameters are written {name}.
 */
export interface Route extends Door {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  readonly path: string;
  readonly summary: string;
  readonly parameters?: z.ZodObject | undefined;
  readonly query?: z.ZodObject | undefined;
  readonly headers?: z.ZodObject | undefined;
  readonly body?: Body | undefined;
  /** Of a body that is JSON or text. */
  readonly maximumBytes: number;
  readonly answer: Schema | 'bytes' | 'events' | 'nothing';
  readonly status: number;
  /** Refusals that are this route's own: status -> when. All answer ApiError. */
  readonly refusals: Readonly<Record<number, string>>;
  readonly serve: (project: Project, context: Context) => Promise<Response>;
}

interface Description<
  P extends z.ZodObject | undefined,
  Q extends z.ZodObject | undefined,
  H extends z.ZodObject | undefined,
  B extends Body | undefined,
  A extends Schema | 'bytes' | 'events' | 'nothing',
> extends Door {
  readonly method: Route['method'];
  readonly path: string;
  readonly summary: string;
  readonly parameters?: P;
  readonly query?: Q;
  readonly headers?: H;
  readonly body?: B;
  readonly maximumBytes?: number;
  readonly answer: A;
  readonly status?: number;
  readonly refusals?: Readonly<Record<number, string>>;
  /** A Response is sent as it is: bytes, or another status. */
  readonly handle: (call: {
    readonly project: Project;
    readonly caller: Caller;
    readonly context: Context;
    readonly parameters: Value<P>;
    readonly query: Value<Q>;
    readonly headers: Value<H>;
    readonly body: BodyValue<B>;
  }) => Promise<(A extends Schema ? z.input<A> : never) | Response>;
}

export function route<
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  H extends z.ZodObject | undefined = undefined,
  B extends Body | undefined = undefined,
  A extends Schema | 'bytes' | 'events' | 'nothing' = 'nothing',
>(description: Description<P, Q, H, B, A>): Route {
  const { handle, parameters, query, headers, body } = description;
  const status = description.status ?? (description.answer === 'nothing' ? 204 : 200);
  const maximumBytes = description.maximumBytes ?? MAX_TEXT_BYTES;
  return {
    ...description,
    status,
    maximumBytes,
    refusals: description.refusals ?? {},
    async serve(project, context) {
      const caller = await whoCalls(project, description, context);
      if (isForCrew(description) && description.method !== 'get') await noteStaff(project, caller, context);
      const answer = await handle({
        project,
        caller,
        context,
        // Each is undefined exactly where the description has no schema for it.
        parameters: (parameters && parseWith(parameters, context.req.param(), 'path')) as Value<P>,
        query: (query && parseWith(query, context.req.query(), 'query')) as Value<Q>,
        headers: (headers && parseWith(headers, namedHeaders(headers, context), 'header')) as Value<H>,
        body: (await readBody(body, maximumBytes, context, project.limits)) as BodyValue<B>,
      });
      // Staff may have changed something that people follow.
      if (description.who === 'staff' && description.method !== 'get') project.db.announce('campaigns');
      if (answer instanceof Response) return answer;
      return context.json(answer as object, status as ContentfulStatusCode);
    },
  };
}

/** What people of the project do to it; what others do is their own. */
export function isForCrew({ who }: Pick<Door, 'who'>): boolean {
  return who === 'reviewer' || who === 'staff' || who === 'owner';
}

/** Before it is done, so that nothing is done untold; what is refused is told as well. Objects are only content. */
async function noteStaff(project: Project, { by }: Caller, context: Context): Promise<void> {
  const { method, path } = context.req;
  if (path.startsWith(`${STAFF_PREFIX}/objects/`)) return;
  const details = { method, path: storable(path), by };
  await project.db.transaction((tx) => appendAudit(tx, project.now(), [{ event: 'staff', details }]));
}

async function readBody(
  body: Body | undefined,
  maximumBytes: number,
  context: Context,
  limits: RequestLimits,
): Promise<unknown> {
  if (body === undefined || body === 'bytes') return undefined;
  const text = await readText(context, maximumBytes, limits);
  return body === 'text' ? text : parseWith(body, parseJson(text), null);
}

function namedHeaders(schema: z.ZodObject, context: Context): Record<string, string | undefined> {
  return Object.fromEntries(Object.keys(schema.shape).map((name) => [name, context.req.header(name)]));
}

export const nothing = () => new Response(null, { status: 204 });

/** Adds the routes to a Hono app. */
export function mount(app: Hono, routes: readonly Route[], project: Project): void {
  for (const one of routes) {
    const path = API_PREFIX + one.path.replaceAll(/\{(\w+)\}/g, ':$1');
    app.on(one.method.toUpperCase(), path, (context) => one.serve(project, context));
  }
}
