import type { CampaignDetail } from '../../protocol/campaign.ts';
import type { ProjectInfo } from '../../protocol/project-api.ts';
import type { Release } from '../../protocol/release.ts';

/** Its name is the specification's: RO-Crate 1.1, https://w3id.org/ro/crate/1.1 */
export const METADATA = 'ro-crate-metadata.json';

export interface CrateFile {
  readonly path: string;
  readonly name: string;
  readonly description: string;
  readonly encodingFormat: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface CrateFacts {
  readonly project: ProjectInfo;
  readonly url: string;
  readonly detail: CampaignDetail;
  readonly release: Release;
  /** SPDX; null: nobody said. */
  readonly licence: string | null;
  readonly now: Date;
  readonly files: readonly CrateFile[];
  /** Paths of what the campaign made, and of what it was made from. */
  readonly results: readonly string[];
  readonly inputs: readonly string[];
}

const [PROJECT, SOFTWARE, MERGE, NO_LICENCE] = ['#project', '#release', '#merge', '#licence'] as const;
const reference = (id: string) => ({ '@id': id });

/** ro-crate-metadata.json: flattened JSON-LD. */
export function crateMetadata(facts: CrateFacts) {
  const { project, url, detail, release, files, results, inputs, now } = facts;
  const licence = licenceOf(facts.licence);
  const done = `${detail.unitsValid} of ${detail.units} work units are merged`;
  return {
    '@context': ['https://w3id.org/ro/crate/1.1/context', { sha256: 'https://schema.org/sha256' }],
    '@graph': [
      {
        '@id': METADATA,
        '@type': 'CreativeWork',
        conformsTo: reference('https://w3id.org/ro/crate/1.1'),
        about: reference('./'),
      },
      {
        '@id': './',
        '@type': 'Dataset',
        name: detail.title,
        description:
          detail.description || `${detail.title}: merged histograms of the campaign ${detail.name}; ${done}.`,
        datePublished: now.toISOString(),
        creativeWorkStatus: detail.state === 'complete' ? 'complete' : `in progress: ${done}`,
        license: reference(licence['@id']),
        publisher: reference(PROJECT),
        hasPart: files.map(({ path }) => reference(path)),
        mentions: reference(MERGE),
      },
      licence,
      { '@id': PROJECT, '@type': 'Organization', name: project.name, url },
      {
        '@id': SOFTWARE,
        '@type': 'SoftwareApplication',
        name: `${release.title} (${release.application})`,
        version: release.version,
        license: release.licence,
        ...(release.description ? { description: release.description } : {}),
        ...(release.software
          ? {
              identifier: `${release.software.repository} tag ${release.software.tag} root catalog ${release.software.rootCatalog}`,
              url: `${url}/cvmfs/${release.software.repository}`,
            }
          : {}),
      },
      {
        '@id': MERGE,
        '@type': 'CreateAction',
        name: `Work units of ${detail.name} computed by volunteers and merged`,
        description: 'provenance.jsonl has each unit, its results, and the hosts by pseudonyms.',
        startTime: detail.createdAt,
        agent: reference(PROJECT),
        instrument: reference(SOFTWARE),
        object: inputs.map(reference),
        result: results.map(reference),
      },
      ...files.map(({ path, name, description, encodingFormat, bytes, sha256 }) => ({
        ...{ '@id': path, '@type': 'File', name, description, encodingFormat },
        ...{ contentSize: String(bytes), sha256 },
      })),
    ],
  };
}

function licenceOf(spdx: string | null) {
  if (spdx !== null) {
    const description = `The licence ${spdx}, by its identifier in the SPDX list.`;
    return { '@id': `https://spdx.org/licenses/${spdx}`, '@type': 'CreativeWork', name: spdx, description };
  }
  const description = 'The project stated no licence for its results; ask it before they are used.';
  return { '@id': NO_LICENCE, '@type': 'CreativeWork', name: 'No licence stated', description };
}
