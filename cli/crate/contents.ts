import type { CampaignDetail, CampaignSpec } from '../../protocol/campaign.ts';
import { exported } from '../../protocol/exported.ts';
import type { ProjectInfo } from '../../protocol/project-api.ts';
import type { Release, Signed } from '../../protocol/release.ts';
import { yodaText } from '../../protocol/yoda.ts';
import { guide } from './guide.ts';
import type { CrateFile } from './metadata.ts';

export interface CrateContent extends Pick<CrateFile, 'path' | 'name' | 'description' | 'encodingFormat'> {
  content(): AsyncIterable<string> | Iterable<string>;
}

export interface CrateSource {
  readonly project: ProjectInfo;
  readonly url: string;
  readonly detail: CampaignDetail;
  readonly document: CampaignSpec;
  readonly release: Release;
  readonly signed: Signed;
  /** A JSON text for each unit. */
  readonly units: () => AsyncIterable<string>;
}

export const INPUTS = ['campaign.json', 'release.json'];
export const RESULTS = ['histograms.yoda', 'histograms.json', 'provenance.jsonl'];

const pretty = (value: unknown) => [`${JSON.stringify(value, null, 2)}\n`];
const JSON_TYPE = 'application/json';

export function crateContents(source: CrateSource): CrateContent[] {
  const { project, url, detail, document, release, signed, units } = source;
  const { application, version } = release;
  const file = (
    [path, encodingFormat]: readonly [string, string],
    name: string,
    description: string,
    content: CrateContent['content'],
  ): CrateContent => ({ path, name, description, encodingFormat, content });
  return [
    file(
      ['campaign.json', JSON_TYPE],
      `Campaign ${detail.name}`,
      'The campaign as it was pushed: release, parameters, sweep, seed, events.',
      () => pretty(document),
    ),
    file(
      ['release.json', JSON_TYPE],
      `Release ${application} ${version}`,
      'The release as it was signed: programs by their SHA-256, where they lie, axes, measured data.',
      () => [signed.body],
    ),
    file(
      ['release.json.sig', 'text/plain'],
      'Signature of the release',
      'Ed25519, by the key of the project over the bytes of release.json; base64.',
      () => [`${signed.signature}\n`],
    ),
    file(
      ['project.json', JSON_TYPE],
      `Project ${project.name}`,
      'The keys by which its documents and its software are believed.',
      () => pretty(project),
    ),
    file(
      ['histograms.yoda', 'text/plain'],
      'Merged histograms (YODA)',
      'YODA 1 text, a Histo1D for each histogram and point; unnormalised.',
      () => [yodaText(detail)],
    ),
    file(
      ['histograms.json', JSON_TYPE],
      'Merged histograms (JSON)',
      'Axes, and for each point its parameters, cross-section and counts [underflow, bins, overflow].',
      () => pretty(exported(detail)),
    ),
    file(
      ['provenance.jsonl', 'application/jsonl'],
      'Where it comes from',
      'A JSON line for each merged work unit: seed, events, and the results with their hosts by pseudonyms.',
      units,
    ),
    file(
      ['REPRODUCE.md', 'text/markdown'],
      'How to compute it again',
      'The exact commands, and what each file is.',
      () => [guide(project, url, detail, release)],
    ),
  ];
}
