import fc from 'fast-check';
import { z } from 'zod';

interface JsonSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly propertyNames?: JsonSchema;
}

/** Values that are of use where a property has that name: what the server knows by then. */
export type Known = Readonly<Record<string, readonly unknown[]>>;

/** What a zod schema takes, as far as JSON Schema tells it; small, so that many fit into a second. */
export function valuesOf(schema: z.ZodType, known: Known): fc.Arbitrary<unknown> {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  return new Maker(json, known).make(json, 0);
}

const MOST_ITEMS = 4;
const MOST_LETTERS = 40;
const DEEPEST = 5;

class Maker {
  readonly #root: JsonSchema;
  readonly #known: Known;

  constructor(root: JsonSchema, known: Known) {
    this.#root = root;
    this.#known = known;
  }

  make(schema: JsonSchema, depth: number): fc.Arbitrary<unknown> {
    if (depth > DEEPEST) return fc.constant(null);
    if (schema.$ref !== undefined) return this.make(this.#resolve(schema.$ref), depth + 1);
    if (schema.const !== undefined) return fc.constant(schema.const);
    if (schema.enum) return fc.constantFrom(...schema.enum);
    const either = schema.anyOf ?? schema.oneOf;
    if (either) return fc.oneof(...either.map((one) => this.make(one, depth + 1)));
    switch (schema.type) {
      case 'string':
        return text(schema);
      case 'integer':
      case 'number':
        return number(schema);
      case 'boolean':
        return fc.boolean();
      case 'null':
        return fc.constant(null);
      case 'array':
        return this.#array(schema, depth);
      case 'object':
        return this.#object(schema, depth);
      default:
        return fc.jsonValue({ maxDepth: 2 });
    }
  }

  #resolve(reference: string): JsonSchema {
    if (reference === '#') return this.#root;
    const found = this.#root.$defs?.[reference.replace('#/$defs/', '')];
    if (!found) throw new Error(`the schema has no ${reference}`);
    return found;
  }

  #array({ items, prefixItems, minItems = 0, maxItems }: JsonSchema, depth: number): fc.Arbitrary<unknown> {
    if (prefixItems) return fc.tuple(...prefixItems.map((one) => this.make(one, depth + 1)));
    const maxLength = Math.max(minItems, Math.min(maxItems ?? MOST_ITEMS, MOST_ITEMS));
    return fc.array(this.make(items ?? {}, depth + 1), { minLength: minItems, maxLength });
  }

  #object(schema: JsonSchema, depth: number): fc.Arbitrary<unknown> {
    const { properties = {}, required = [], additionalProperties, propertyNames } = schema;
    const fields = Object.fromEntries(
      Object.entries(properties).map(([name, one]) => [name, this.#named(name, this.make(one, depth + 1))]),
    );
    const record = fc.record(fields, { requiredKeys: required.filter((name) => name in fields) });
    if (typeof additionalProperties !== 'object') return record;
    const keys = propertyNames
      ? this.make(propertyNames, depth + 1).map(String)
      : fc.string({ maxLength: 10 });
    const others = fc.dictionary(keys, this.make(additionalProperties, depth + 1), { maxKeys: MOST_ITEMS });
    return fc.tuple(record, others).map(([own, more]) => ({ ...more, ...own }));
  }

  #named(name: string, made: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
    const known = this.#known[name];
    if (!known) return made;
    return fc.oneof({ arbitrary: fc.constantFrom(...known), weight: 4 }, { arbitrary: made, weight: 1 });
  }
}

function text({ pattern, minLength = 0, maxLength = MOST_LETTERS }: JsonSchema): fc.Arbitrary<string> {
  if (pattern !== undefined && !pattern.includes('(?')) return fc.stringMatching(new RegExp(pattern));
  return fc.string({
    minLength,
    maxLength: Math.max(minLength, Math.min(maxLength, MOST_LETTERS)),
    unit: 'binary',
  });
}

function number(schema: JsonSchema): fc.Arbitrary<number> {
  const { minimum = schema.exclusiveMinimum ?? -1e9, maximum = schema.exclusiveMaximum ?? 1e9 } = schema;
  if (schema.type === 'number') return fc.double({ min: minimum, max: maximum, noNaN: true });
  const small = fc.integer({
    min: Math.ceil(minimum),
    max: Math.min(Math.floor(maximum), Math.ceil(minimum) + 1000),
  });
  return fc.oneof(small, fc.integer({ min: Math.ceil(minimum), max: Math.floor(maximum) }));
}
