import { z } from 'zod';

export type FieldKind = 'number' | 'integer' | 'choice' | 'choices' | 'boolean' | 'text' | 'json';

/** A parameter of an application, as its card's schema describes it. */
export interface Field {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly kind: FieldKind;
  /** Of choice and choices. */
  readonly choices: readonly unknown[];
  readonly low: number | null;
  readonly high: number | null;
  readonly isRequired: boolean;
  /** undefined: there is none. */
  readonly byDefault: unknown;
}

/** As far as a form can show JSON Schema; anything else is a parameter written as JSON. The server checks all of it. */
const Property = z.looseObject({
  type: z.string().optional().catch(undefined),
  title: z.string().optional().catch(undefined),
  description: z.string().optional().catch(undefined),
  enum: z.array(z.unknown()).optional().catch(undefined),
  items: z
    .looseObject({ enum: z.array(z.unknown()) })
    .optional()
    .catch(undefined),
  minimum: z.number().optional().catch(undefined),
  maximum: z.number().optional().catch(undefined),
  exclusiveMinimum: z.number().optional().catch(undefined),
  exclusiveMaximum: z.number().optional().catch(undefined),
  default: z.unknown().optional(),
});
const Schema = z.looseObject({
  properties: z.record(z.string(), z.unknown()).default({}).catch({}),
  required: z.array(z.string()).default([]).catch([]),
});

/**
 * What a form asks for: those that must be given first, else in the schema's order.
 * @param names parameters that a campaign has and the schema may not name
 */
export function fieldsOf(schema: unknown, names: readonly string[] = []): Field[] {
  const read = Schema.safeParse(schema);
  const { properties, required } = read.success ? read.data : { properties: {}, required: [] };
  const all = [...new Set([...Object.keys(properties), ...names])];
  const fields = all.map((name) => fieldOf(name, properties[name], required.includes(name)));
  return [
    ...fields.filter(({ isRequired }) => isRequired),
    ...fields.filter(({ isRequired }) => !isRequired),
  ];
}

function fieldOf(name: string, schema: unknown, isRequired: boolean): Field {
  const read = Property.safeParse(schema);
  const property = read.success ? read.data : Property.parse({});
  return {
    name,
    title: property.title ?? '',
    description: property.description ?? '',
    ...kindOf(property),
    low: property.minimum ?? property.exclusiveMinimum ?? null,
    high: property.maximum ?? property.exclusiveMaximum ?? null,
    isRequired,
    byDefault: property.default,
  };
}

function kindOf(property: z.infer<typeof Property>): Pick<Field, 'kind' | 'choices'> {
  if (property.enum) return { kind: 'choice', choices: property.enum };
  switch (property.type) {
    case 'number':
    case 'integer':
    case 'boolean':
      return { kind: property.type, choices: [] };
    case 'string':
      return { kind: 'text', choices: [] };
    case 'array':
      return property.items
        ? { kind: 'choices', choices: property.items.enum }
        : { kind: 'json', choices: [] };
    default:
      return { kind: 'json', choices: [] };
  }
}
