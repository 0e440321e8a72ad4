import { z } from 'zod';
import { CampaignPoint, CampaignSpec } from './campaign.ts';
import { Count, OutputFile, Sha256, Slug, said } from './primitives.ts';
import { SoftwarePlace } from './software.ts';
import { Card } from './work-unit.ts';

/**
 * Where merged histograms come from, for anybody to look at and to compute again (all below /api/v1, public).
 *
 *     GET  /results/:id                 UnitRecord      id of a work unit (u523) or of one result's lease (l991)
 *     GET  /campaigns/:id/document      CampaignSpec    as it was pushed, with its defaults
 *     GET  /campaigns/:id/merged?point  MergedPoint     what is merged at a point, and of which events
 *     GET  /samples                     SampleQuery -> SamplePage: events that were kept, by point
 *     GET  /campaigns/:id/sample?point&file   the kept events of a point as one file; so /results/:id/sample?file of one unit
 *     GET  /campaigns/:id/provenance    ProvenanceQuery -> ProvenancePage: units, results, hosts; in the order of events
 *
 * A campaign's provenance leads on to the units of the campaign it takes its inputs from.
 * What hosts reported of a unit is shown once the unit is decided: before, another host could copy it.
 */

/** A host, the same in all campaigns of a project; who it is cannot be found from it without the project's key. */
export const Pseudonym = z.string().regex(/^host-[0-9a-f]{16}$/);

/** What a host gave for a unit. */
export const GivenResult = z.strictObject({
  lease: z.string(),
  host: Pseudonym,
  /** valid: its content is what is merged. */
  state: z.enum(['valid', 'invalid', 'late']),
  capsule: said(40),
  outputHash: Sha256,
  files: z.array(OutputFile),
  /** To the day: when a computer was on is nobody's business. */
  reportedOn: z.iso.date(),
});
export type GivenResult = z.infer<typeof GivenResult>;

/** A merged work unit, with all it takes to compute it again. */
export const UnitRecord = z.strictObject({
  unit: z.string(),
  /** Its name. */
  campaign: Slug,
  application: Slug,
  version: Slug,
  point: Count,
  card: Card,
  /** Of a unit: the valid ones. Of a lease: that one, whatever became of it. */
  results: z.array(GivenResult).min(1),
});
export type UnitRecord = z.infer<typeof UnitRecord>;

/** What is merged at a point and of which events, at one and the same moment. */
export const MergedPoint = z.strictObject({
  campaign: Slug,
  application: Slug,
  version: Slug,
  seed: Count,
  blockEvents: Count,
  point: CampaignPoint.pick({
    index: true,
    parameters: true,
    unitsValid: true,
    eventsValid: true,
    crossSection: true,
    histograms: true,
  }),
  /** [first event, one after the last], ascending, with gaps between. */
  ranges: z.array(z.tuple([Count, Count])),
});
export type MergedPoint = z.infer<typeof MergedPoint>;

export const MergedQuery = z.strictObject({ point: z.coerce.number().int().min(0).max(1e9) });

/** Query strings carry text, hence the coercion. */
export const ProvenanceQuery = z.strictObject({
  /** Only this parameter point. */
  point: z.coerce.number().int().min(0).max(1e9).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(500),
  /** `next` of the page before. */
  after: z
    .string()
    .regex(/^\d{1,10}\.\d{1,15}$/)
    .optional(),
});
export type ProvenanceQuery = z.infer<typeof ProvenanceQuery>;

export const ProvenanceUnit = z.strictObject({
  unit: z.string(),
  point: Count,
  seed: Count,
  firstEvent: Count,
  events: Count,
  /** The file that was analysed, and the unit of the other campaign that made it. */
  input: z.strictObject({ unit: z.string(), sha256: Sha256, bytes: Count }).nullable().default(null),
  results: z.array(GivenResult).min(1),
});
export type ProvenanceUnit = z.infer<typeof ProvenanceUnit>;

/** release -> campaign -> units -> hosts -> merge. */
export const ProvenancePage = z.strictObject({
  release: z.strictObject({
    application: Slug,
    version: Slug,
    /** Of the signed document's text. */
    sha256: Sha256,
    /** null: published before there was a repository. */
    place: SoftwarePlace.nullable(),
  }),
  campaign: Slug,
  /** The campaign whose units' files this one's take, and which; null: none. */
  inputs: CampaignSpec.shape.inputs.unwrap().nullable().default(null),
  /** Merged ones, by point and first event. */
  units: z.array(ProvenanceUnit),
  /** For `after`; null: this was the last page. */
  next: z.string().nullable(),
});
export type ProvenancePage = z.infer<typeof ProvenancePage>;

/** Query strings carry text, hence the coercion. */
export const SampleQuery = z.strictObject({
  /** In the name, the title or the description of the campaign. */
  text: z.string().min(1).max(120).optional(),
  application: Slug.optional(),
  campaign: Slug.optional(),
  /** Parameters of the point: "energyGeV:88..92,hepmcEvents:10", a range or a value each. */
  where: z
    .string()
    .max(400)
    .regex(
      /^[\w.-]{1,80}:[^,:]{1,80}(,[\w.-]{1,80}:[^,:]{1,80}){0,9}$/,
      'write name:value or name:low..high, with commas',
    )
    .optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  /** `next` of the page before. */
  after: z
    .string()
    .regex(/^\d{1,15}\.\d{1,10}$/)
    .optional(),
});
export type SampleQuery = z.infer<typeof SampleQuery>;

/** What the valid units of a point have kept. */
export const Sample = z.strictObject({
  campaign: Slug,
  title: z.string(),
  application: Slug,
  version: Slug,
  licence: z.string(),
  point: Count,
  parameters: CampaignPoint.shape.parameters,
  /** Each unit has kept such a file of so many bytes, as the first one has. */
  files: z.array(z.strictObject({ path: OutputFile.shape.path, bytes: Count })),
  unitsValid: Count,
  /** Two computers gave the very same files; else only the histograms were compared. */
  compared: z.boolean(),
});
export type Sample = z.infer<typeof Sample>;

export const SamplePage = z.strictObject({
  /** Of the newest campaigns first. */
  samples: z.array(Sample),
  /** For `after`; null: this was the last page. */
  next: z.string().nullable(),
});
export type SamplePage = z.infer<typeof SamplePage>;

/** Which events to have in one HepMC3 file. */
export const SampleFileQuery = z.strictObject({
  file: OutputFile.shape.path,
  gzip: z.enum(['true', 'false']).default('false'),
});
export const PointSampleQuery = z.strictObject({ ...SampleFileQuery.shape, ...MergedQuery.shape });
