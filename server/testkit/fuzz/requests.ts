import fc from 'fast-check';
import { stringify } from 'yaml';
import { CSRF_HEADER } from '../../../protocol/account-api.ts';
import { CampaignSpec } from '../../../protocol/campaign.ts';
import { API_PREFIX } from '../../../protocol/project-api.ts';
import type { Route } from '../../api/route.ts';
import { modelCampaign } from '../model.ts';
import type { RawRequest } from '../raw-request.ts';
import { type Known, valuesOf } from './from-schema.ts';
import { hostileBodies, hostileTexts, mutated } from './hostile.ts';

/** What the project holds, so that requests get beyond the first check. */
export interface World {
  readonly tokens: Readonly<Record<'host' | 'staff', string>>;
  /** A person's cookie. */
  readonly cookie: string;
  readonly known: Known;
  /** Hostile texts of this run, as the address of a trap. */
  readonly texts: readonly string[];
}

/** Requests to all routes that take something: as described, then spoilt, each with the token it wants or another. */
export function requests(routes: readonly Route[], world: World): fc.Arbitrary<RawRequest> {
  const taking = routes.filter(
    ({ parameters, query, headers, body }) => parameters ?? query ?? headers ?? body,
  );
  return fc.oneof(...taking.map((one) => requestOf(one, world)));
}

function requestOf(one: Route, world: World): fc.Arbitrary<RawRequest> {
  const { known, texts, tokens, cookie } = world;
  const fields = (schema: Route['query']): fc.Arbitrary<Record<string, string>> =>
    schema ? mutated(valuesOf(schema, known), texts).map(asTexts) : fc.constant({});
  const token =
    one.who === 'anyone' || one.who === 'account'
      ? fc.constant('')
      : fc.oneof(
          { arbitrary: fc.constant(one.who === 'host' ? tokens.host : tokens.staff), weight: 20 },
          { arbitrary: fc.constantFrom('', tokens.host, tokens.staff, 'x'.repeat(43)), weight: 1 },
        );
  return fc
    .record({
      parameters: fields(one.parameters),
      query: fields(one.query),
      headers: fields(one.headers),
      encoded: fc.constantFrom(encoded, encoded, encoded, everyByte, asItIs),
      body: bodyOf(one, world),
      token,
    })
    .map(({ parameters, query, headers, encoded, body, token }) => {
      const path = one.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encoded(parameters[name] ?? ''));
      const asked = Object.entries(query).map(([name, text]) => `${encoded(name)}=${encoded(text)}`);
      return {
        method: one.method.toUpperCase(),
        path: (API_PREFIX + path + (asked.length > 0 ? `?${asked.join('&')}` : '')).slice(0, 8000),
        headers: {
          ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
          ...(one.page ? { [CSRF_HEADER]: '1' } : {}),
          ...(one.who === 'account' ? { [CSRF_HEADER]: '1', cookie } : {}),
          ...Object.fromEntries(
            Object.entries(headers).map(([name, text]) => [
              name.replaceAll(/[^\w-]/g, '') || 'x',
              latin(text),
            ]),
          ),
        },
        body,
      };
    });
}

function bodyOf({ body }: Route, { known, texts }: World): fc.Arbitrary<string | Uint8Array | undefined> {
  if (body === undefined) return fc.constant(undefined);
  if (body === 'bytes')
    return fc.oneof(fc.constantFrom('', 'x', 'known'), fc.uint8Array({ maxLength: 3000 }));
  const values = body === 'text' ? campaigns(known) : valuesOf(body, known);
  const written = mutated(values, texts).map((value) => JSON.stringify(value) ?? '');
  const spoilt = fc.oneof(hostileBodies, hostileTexts(texts));
  if (body !== 'text') return fc.oneof({ arbitrary: written, weight: 6 }, { arbitrary: spoilt, weight: 1 });
  const yaml = mutated(values, texts).map((value) => stringify(value, { aliasDuplicateObjects: false }));
  return fc.oneof(written, yaml, spoilt);
}

/** Documents the project could take, in part. */
function campaigns(known: Known): fc.Arbitrary<unknown> {
  return fc.tuple(valuesOf(CampaignSpec, known), fc.nat(1_000_000), fc.nat()).map(([made, number, kept]) => ({
    ...modelCampaign(`fuzz-${number}`),
    ...Object.fromEntries(
      Object.entries(made as object).filter(([key], i) => key !== 'name' && ((kept >> (i % 30)) & 1) === 1),
    ),
  }));
}

function asTexts(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      (typeof one === 'string' ? one : (JSON.stringify(one) ?? '')).slice(0, 3000),
    ]),
  );
}

/** encodeURIComponent() refuses half a surrogate pair. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function everyByte(text: string): string {
  return [...Buffer.from(text, 'latin1')].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}

/** As far as a request line can carry it. */
function asItIs(text: string): string {
  return text.replaceAll(/[^\x21-\x7e]/g, '%');
}

function latin(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 2000);
}
