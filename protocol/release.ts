import { z } from 'zod';
import { comparisonProblem } from './compare.ts';
import { LinePattern } from './line-pattern.ts';
import { Blob, Count, Json, Slug, UnitPath } from './primitives.ts';
import { ReferenceTable } from './reference.ts';
import { SoftwarePlace } from './software.ts';

/** Where a program can run. A host names what its capsules offer; a release names what it was built for. */
export const Platform = z.enum(['x86_64-linux', 'wasm32-wasi']);
export type Platform = z.infer<typeof Platform>;

const HistogramName = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,62}$/);

/** The platform whose program may be a tree of files (Release.command). */
export const TREE_PLATFORM: Platform = 'x86_64-linux';

/** One axis of whole numbers; bins are [edges[i], edges[i+1]). */
export const HistogramAxis = z.strictObject({
  name: HistogramName,
  title: z.string().min(1).max(120),
  xLabel: z.string().max(80),
  yLabel: z.string().max(80),
  edges: z
    .array(z.number())
    .min(2)
    .refine(
      (edges) => edges.every((edge, i) => i === 0 || edge > (edges[i - 1] ?? edge)),
      'edges must increase',
    ),
  logY: z.boolean().default(false),
  /** Contents are sums of weights times this, each weight rounded to a whole number so that sums stay exact; absent: counts. */
  scale: Count.min(1).optional(),
  /** The histogram whose bins together count the events that this one is divided by; absent: it stands for itself. */
  per: HistogramName.optional(),
  /**
   * The histogram (same edges, same scale) of the squares of what each event of `per` adds to a bin: the error of a mean of
   * weights follows from it. Absent: entries are taken as independent, so that the error of a count n is sqrt(n).
   */
  squares: HistogramName.optional(),
  /** What the bins are called, where x is no number. */
  binLabels: z.array(z.string().max(40)).optional(),
});
export type HistogramAxis = z.infer<typeof HistogramAxis>;

/**
 * Whether one host's output file and another's say the same.
 * exact: byte for byte. numbers: texts whose words are the same, numbers among them within the tolerance
 * |a - b| <= absolute + relative * max(|a|, |b|); lines of an ignored pattern do not count. none: kept, never compared.
 */
export const Comparator = z.discriminatedUnion('compare', [
  z.strictObject({ compare: z.literal('exact') }),
  z.strictObject({
    compare: z.literal('numbers'),
    absolute: z.number().min(0).default(0),
    relative: z.number().min(0).lt(1).default(0),
    ignore: z.array(LinePattern).max(50).default([]),
  }),
  z.strictObject({ compare: z.literal('none') }),
]);
export type Comparator = z.infer<typeof Comparator>;

/** An environment variable's name. */
const Variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/);

/**
 * A text made from the card: `{{seed}}`, `{{firstEvent}}`, `{{events}}`, `{{name}}` of a parameter, and `{{random}}`, a
 * number from 1 to 900,000,000 that depends on seed and first event (platform/templates.ts).
 */
const Template = (maximum: number) => z.string().max(maximum);

/** An application at one version: data only. Nothing in server/ or engine/ knows what it computes. */
export const Release = z
  .strictObject({
    application: Slug,
    version: Slug,
    title: z.string().min(1).max(120),
    description: z.string().max(2000),
    licence: z.string().max(60),
    programs: z
      .partialRecord(Platform, Blob)
      .refine((programs) => Object.keys(programs).length > 0, 'no program'),
    args: z.array(Template(200)).max(20).default([]),
    /**
     * The x86_64-linux program is a tree (its object is a TreeManifest), and this path in it is what is run. Where there
     * is none, the program is one file that needs nothing else. It is then the release's only program.
     */
    command: UnitPath.optional(),
    /** Of the command. */
    environment: z.record(Variable, z.string().max(200)).optional(),
    /** Files of the work unit's directory beside card.json, for programs that read something else. */
    files: z.record(UnitPath, Template(64_000)).optional(),
    /** For programs that do not append to `progress`: lines that say how far they are, the first `#` being the events done. */
    progress: z
      .strictObject({
        /** In the work unit's directory; null: what the program prints. */
        file: UnitPath.nullable(),
        line: LinePattern.refine((line) => line.includes('#'), 'needs a "#" for the events done'),
      })
      .optional(),
    /** Output files below out/, of a program that writes no blocks: all of them must be there, and no others. */
    outputs: z
      .record(UnitPath, Comparator)
      .refine((outputs) => Object.keys(outputs).length > 0, 'no output')
      .optional(),
    /** JSON Schema (draft 2020-12) of Card.parameters. */
    parameters: z.record(z.string(), Json),
    histograms: z
      .array(HistogramAxis)
      .max(200)
      .superRefine((axes, context) => {
        const byName = new Map(axes.map((axis) => [axis.name, axis]));
        for (const [i, { per, squares, edges, scale, binLabels }] of axes.entries()) {
          const wrong = (field: string, message: string) =>
            context.addIssue({ code: 'custom', path: [i, field], message });
          if (per !== undefined && !byName.has(per)) wrong('per', `there is no histogram "${per}"`);
          const other = squares === undefined ? null : (byName.get(squares) ?? 'missing');
          if (other === 'missing') wrong('squares', `there is no histogram "${squares}"`);
          else if (other && (other.edges.join() !== edges.join() || other.scale !== scale))
            wrong('squares', `"${squares}" must have the same edges and scale`);
          if (squares !== undefined && per === undefined)
            wrong('squares', 'needs `per`: the number of events');
          if (binLabels && binLabels.length !== edges.length - 1)
            wrong('binLabels', `${binLabels.length} labels for ${edges.length - 1} bins`);
        }
      }),
    /** Measurements that the histograms are shown with; those that people should see first come first. */
    references: z.array(ReferenceTable).max(100).optional(),
    /** Output files kept for people beside out/blocks.jsonl, for example a sample of events. */
    samples: z.array(UnitPath).default([]),
    limits: z.strictObject({
      memoryMb: Count.min(1).max(16384),
      wallSeconds: Count.min(1).max(86400),
      outputBytes: Count.min(1).max(1e9),
    }),
    /** Measured cost on the reference core; the base of credit (docs/credit.md). */
    referenceMicrosecondsPerEvent: z.number().positive().max(1e9),
    /** Where its programs are read from; absent: from the server's objects. Never part of what staff push. */
    software: SoftwarePlace.optional(),
  })
  .superRefine(({ histograms, references = [] }, context) => {
    for (const [i, table] of references.entries()) {
      const isTwice = references.findIndex(({ id }) => id === table.id) < i;
      const problem = isTwice
        ? `another table is called "${table.id}"`
        : comparisonProblem(histograms, table);
      if (problem) context.addIssue({ code: 'custom', path: ['references', i], message: problem });
    }
  });
export type Release = z.infer<typeof Release>;

/** The micro appliance, named by its hash; hosts fetch it, only developers and project staff build it. */
export const Appliance = z.strictObject({
  /** SHA-256 of the text "KERNEL_SHA256 INITRD_SHA256\n". */
  image: z.string().regex(/^[0-9a-f]{64}$/),
  kernel: Blob,
  initrd: Blob,
  kernelVersion: z.string().max(80),
  /** As Release.software. */
  software: SoftwarePlace.optional(),
});
export type Appliance = z.infer<typeof Appliance>;

/** A document with the project key's Ed25519 signature over the body's UTF-8 bytes (both base64). */
export const Signed = z.strictObject({ body: z.string(), signature: z.base64() });
export type Signed = z.infer<typeof Signed>;
