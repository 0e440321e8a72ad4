import { z } from 'zod';
import { ReferenceTable } from '../../protocol/reference.ts';
import { Platform, Release } from '../../protocol/release.ts';
import { ApplianceUpload } from '../../protocol/staff-api.ts';
import { RefusedError } from '../errors.ts';
import type { DocumentText } from './text.ts';

const Path = z.string().min(1);

/** Where it lies in the repository is the server's to say. */
const { software: _, ...releaseShape } = Release.shape;

/** `kind: release`: a Release whose programs are files, or a folder for a tree, and its measurements files: paths relative to the document. */
export const ReleaseDocument = z.strictObject({
  ...releaseShape,
  kind: z.literal('release'),
  programs: z.partialRecord(Platform, Path),
  references: z.array(Path).max(100).optional(),
});

/** `kind: appliance`: kernel and initrd as files. */
export const ApplianceDocument = z.strictObject({
  ...ApplianceUpload.shape,
  kind: z.literal('appliance'),
  kernel: Path,
  initrd: Path,
});

/** `kind: campaign`: read by the server, whose words about it are better than ours could be. */
const CampaignDocument = z.looseObject({ kind: z.literal('campaign'), name: z.string().optional() });

const KINDS = {
  release: ReleaseDocument,
  appliance: ApplianceDocument,
  campaign: CampaignDocument,
} as const;

export type PushDocument =
  | z.infer<typeof ReleaseDocument>
  | z.infer<typeof ApplianceDocument>
  | z.infer<typeof CampaignDocument>;

/** @throws RefusedError as FILE:LINE: MESSAGE, a line for each thing that is wrong */
export function readDocument(text: DocumentText): PushDocument {
  const kind = z.looseObject({ kind: z.enum(['release', 'appliance', 'campaign']) }).safeParse(text.value);
  if (!kind.success)
    throw new RefusedError(
      `${text.at(['kind'])}: says no "kind: release", "kind: appliance" or "kind: campaign", so there is no telling what it is`,
    );
  const parsed = KINDS[kind.data.kind].safeParse(text.value);
  if (parsed.success) return parsed.data;
  throw refused(text, parsed.error);
}

/** @throws RefusedError as readDocument() */
export function readTable(text: DocumentText): ReferenceTable {
  return readAs(text, ReferenceTable);
}

/** @throws RefusedError as FILE:LINE: MESSAGE, a line for each thing that is wrong */
export function readAs<T>(text: DocumentText, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(text.value);
  if (parsed.success) return parsed.data;
  throw refused(text, parsed.error);
}

function refused(text: DocumentText, error: z.ZodError): RefusedError {
  // One line for each place: what is too small for two rules is told once.
  const first = error.issues.filter(
    (issue, i, all) => all.findIndex((other) => other.path.join('.') === issue.path.join('.')) === i,
  );
  return new RefusedError(first.map((issue) => line(text, issue)).join('\n'));
}

function line(text: DocumentText, issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    return `${text.at([...issue.path, key])}: "${issue.keys.join('", "')}" is not known here; check the spelling`;
  }
  const path = issue.path.join('.');
  return `${text.at(issue.path)}: ${path === '' ? '' : `${path}: `}${issue.message}`;
}
