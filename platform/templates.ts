import { createHash } from 'node:crypto';
import type { Release } from '../protocol/release.ts';
import type { Card } from '../protocol/work-unit.ts';

/** A template asks for what the card does not have, or a value that must not be put into a program's input. */
export class TemplateRefused extends Error {
  override readonly name = 'TemplateRefused';
}

const PLACE = /\{\{([^{}]*)\}\}/g;

/**
 * A word that means nothing but itself in every input language we know: no blank, quote, line end, `$`, `;` or `/`, and
 * it does not begin as an option or a hidden file does.
 */
const WORD = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;

/** Seeds of most programs are positive 32-bit numbers; LAMMPS takes them up to 900,000,000. */
const MAX_RANDOM = 900_000_000;

/** What of a card and its release decides a text. */
export type TemplateCard = Pick<Card, 'seed' | 'firstEvent' | 'events' | 'parameters'>;

/**
 * The release's text for one work unit. Parameters that the card leaves out have the default of the release's schema.
 * @throws TemplateRefused in words for staff
 */
export function fillTemplate(text: string, card: TemplateCard, schema: Release['parameters']): string {
  return text.replace(PLACE, (_, name: string) => fillingOf(name, card, schema));
}

/** What of a release is made from the card: the command line, and the files beside card.json by path. */
export interface Filled {
  readonly args: readonly string[];
  readonly files: readonly (readonly [path: string, text: string])[];
}

/** @throws TemplateRefused; the project finds out when a campaign is pushed, an engine before it runs anything */
export function fillRelease(
  release: Pick<Release, 'args' | 'files' | 'parameters'>,
  card: TemplateCard,
): Filled {
  const fill = (text: string) => fillTemplate(text, card, release.parameters);
  return {
    args: release.args.map(fill),
    files: Object.entries(release.files ?? {}).map(([path, text]) => [path, fill(text)]),
  };
}

function fillingOf(name: string, card: TemplateCard, schema: Release['parameters']): string {
  switch (name) {
    case 'seed':
    case 'firstEvent':
    case 'events':
      return String(card[name]);
    case 'random':
      return String(randomOf(card));
  }
  const value = Object.hasOwn(card.parameters, name) ? card.parameters[name] : defaultOf(name, schema);
  if (value === undefined)
    throw new TemplateRefused(`{{${name}}} is no parameter of this work unit, and has no default`);
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)))
    return String(value);
  if (typeof value === 'string' && WORD.test(value)) return value;
  throw new TemplateRefused(
    `the value of {{${name}}} cannot be put into a program's input: only numbers, true, false and single words of letters, digits, ".", "_", "+" and "-" can`,
  );
}

function defaultOf(name: string, schema: Release['parameters']): unknown {
  const { properties } = schema;
  if (!isObject(properties) || !Object.hasOwn(properties, name)) return undefined;
  const property = properties[name];
  return isObject(property) ? property.default : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Work units of one campaign differ in it, and so do points with neighbouring seeds. */
function randomOf({ seed, firstEvent }: TemplateCard): number {
  const digest = createHash('sha256').update(`${seed} ${firstEvent}`).digest();
  return 1 + (digest.readUIntBE(0, 6) % MAX_RANDOM);
}
