import { z } from 'zod';
import * as account from '../../protocol/account-api.ts';
import * as campaign from '../../protocol/campaign.ts';
import * as catalogue from '../../protocol/catalogue.ts';
import * as invitation from '../../protocol/invitation.ts';
import * as live from '../../protocol/live.ts';
import * as notes from '../../protocol/notes.ts';
import * as operations from '../../protocol/operations.ts';
import * as people from '../../protocol/people-api.ts';
import * as primitives from '../../protocol/primitives.ts';
import * as project from '../../protocol/project-api.ts';
import * as release from '../../protocol/release.ts';
import * as staff from '../../protocol/staff-api.ts';
import * as workUnit from '../../protocol/work-unit.ts';
import { isForCrew, type Route } from './route.ts';

type Json = Record<string, unknown>;

/** Every schema that protocol/ exports is a component under its own name. */
const exported: Record<string, unknown> = {
  ...primitives,
  ...release,
  ...workUnit,
  ...campaign,
  ...catalogue,
  ...live,
  ...project,
  ...staff,
  ...notes,
  ...operations,
  ...account,
  ...people,
  ...invitation,
};
const named = Object.entries(exported).filter(
  (entry): entry is [string, z.ZodType] => entry[1] instanceof z.ZodType,
);

/**
 * OpenAPI 3.1 from the routes and their schemas. What a client sends and what it is sent may differ (defaults
 * may be left out), so a schema that does both appears twice: CampaignSpec and CampaignSpecInput.
 */
export function openApi(routes: readonly Route[]): Json {
  const components = { ...componentsOf('output', ''), ...componentsOf('input', 'Input') };
  const used = new Set<string>();
  const paths: Record<string, Json> = {};
  for (const one of routes) {
    const path = `${project.API_PREFIX}${one.path}`;
    paths[path] = { ...paths[path], [one.method]: operation(one) };
  }
  collect(paths, components, used);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Beamtime project server',
      version: '1',
      description:
        'Hosts lease work units, upload outputs, report results; staff push releases and campaigns.',
    },
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(components).filter(([name]) => used.has(name))),
      securitySchemes: {
        host: { type: 'http', scheme: 'bearer', description: 'HostIdentity.token' },
        staff: {
          type: 'http',
          scheme: 'bearer',
          description: 'ServerEndpoint.staffToken, or ApiTokenSecret.token where the operation names a scope',
        },
        session: { type: 'apiKey', in: 'cookie', name: 'beamtime-session' },
      },
    },
  };
}

function operation(one: Route): Json {
  const parameters = [
    ...parametersOf(one.parameters, 'path'),
    ...parametersOf(one.query, 'query'),
    ...parametersOf(one.headers, 'header'),
  ];
  const refusals: Record<number, string> = {
    ...(one.who === 'anyone' ? {} : { 401: 'no token, or an unknown one' }),
    ...(one.who === 'anyone' ? {} : { 429: 'too many unknown tokens came from this address' }),
    ...(one.who === 'account' || isForCrew(one) || one.page
      ? {
          403: `${one.who === 'anyone' ? '' : 'beyond your role or your token; or '}not asked by our own page`,
        }
      : {}),
    ...(parameters.length > 0 || one.body
      ? { 422: 'the input is not as described; error.place says where' }
      : {}),
    ...(typeof one.body === 'object' ? { 400: 'the body is not JSON' } : {}),
    ...(one.body ? { 408: 'the body came too slowly', 413: 'the body is too large' } : {}),
    503: "the project's store or disk is in trouble; Retry-After says when to try again",
    ...one.refusals,
  };
  const error = { 'application/json': { schema: reference('ApiError') } };
  return {
    summary: one.summary,
    ...securityOf(one),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(one.body ? { requestBody: { required: true, content: requestContent(one.body) } } : {}),
    responses: {
      [one.status]: {
        description: one.summary,
        ...(one.answer === 'nothing' ? {} : { content: answerContent(one.answer) }),
      },
      ...Object.fromEntries(
        Object.entries(refusals).map(([status, description]) => [status, { description, content: error }]),
      ),
    },
  };
}

/** `x-role` and `x-scope`: OpenAPI has words for scopes of OAuth only. */
function securityOf({ who, scope }: Route): Json {
  if (who === 'anyone') return {};
  if (who === 'host') return { security: [{ host: [] }] };
  if (who === 'account') return { security: [{ session: [] }] };
  return {
    security: [{ staff: [] }, { session: [] }],
    'x-role': who,
    ...(scope ? { 'x-scope': scope } : {}),
  };
}

function requestContent(body: NonNullable<Route['body']>): Json {
  if (body === 'bytes') return bytes();
  if (body === 'text') return { 'application/yaml': { schema: { type: 'string' } } };
  return { 'application/json': { schema: schemaOf(body, 'input') } };
}

function answerContent(answer: Exclude<Route['answer'], 'nothing'>): Json {
  if (answer === 'events') return { 'text/event-stream': { schema: { type: 'string' } } };
  return answer === 'bytes' ? bytes() : { 'application/json': { schema: schemaOf(answer, 'output') } };
}

function bytes(): Json {
  return { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };
}

function parametersOf(schema: z.ZodObject | undefined, where: 'path' | 'query' | 'header'): Json[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema: property,
  }));
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const known = named.find(([, one]) => one === schema);
  if (known) return reference(io === 'input' ? `${known[0]}Input` : known[0]);
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return json;
}

function reference(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

/** All named schemas, referring to each other by name. */
function componentsOf(io: 'input' | 'output', suffix: string): Record<string, Json> {
  const registry = z.registry<{ id: string }>();
  for (const [name, schema] of named) if (!registry.has(schema)) registry.add(schema, { id: name + suffix });
  const { schemas } = z.toJSONSchema(registry, {
    io,
    unrepresentable: 'any',
    uri: (id) => `#/components/schemas/${id}`,
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $id: _id, $schema: _schema, ...json }]) => [name, json as Json]),
  );
}

/** Names of the components that a part of the document needs, directly or through others. */
function collect(part: unknown, components: Record<string, Json>, used: Set<string>): void {
  if (Array.isArray(part)) for (const inner of part) collect(inner, components, used);
  else if (typeof part === 'object' && part !== null) {
    for (const [key, inner] of Object.entries(part)) {
      const name = key === '$ref' && typeof inner === 'string' ? inner.split('/').at(-1) : undefined;
      if (name === undefined) collect(inner, components, used);
      else if (!used.has(name)) {
        used.add(name);
        collect(components[name], components, used);
      }
    }
  }
}
