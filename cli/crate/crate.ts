import { createHash } from 'node:crypto';
import { type CampaignDetail, CampaignSpec } from '../../protocol/campaign.ts';
import { ProjectInfo } from '../../protocol/project-api.ts';
import { Release, Signed } from '../../protocol/release.ts';
import { type Api, ask } from '../api.ts';
import { provenancePages } from '../catalogue.ts';
import type { Input } from '../command.ts';
import { UsageError } from '../errors.ts';
import { count } from '../words.ts';
import { crateContents, INPUTS, RESULTS } from './contents.ts';
import { type CrateFile, crateMetadata, METADATA } from './metadata.ts';
import { cannotWrite, openShelf } from './shelf.ts';

export interface CrateRequest {
  readonly project: Api;
  readonly detail: CampaignDetail;
  /** A folder that is not there yet, or FILE.zip. */
  readonly place: string;
  readonly licence: string | null;
}

/** As identifiers of the SPDX list are written. */
const SPDX = /^[A-Za-z0-9.+-]{1,60}$/;

/** Writes a campaign with all it takes to understand and compute it again. */
export async function writeCrate(
  input: Input,
  { project: api, detail, place, licence }: CrateRequest,
): Promise<number> {
  if (licence !== null && !SPDX.test(licence))
    throw new UsageError(
      `--licence takes an identifier of the SPDX list, for example CC-BY-4.0, not "${licence}"`,
    );
  const path = `/campaigns/${encodeURIComponent(detail.name)}/document`;
  const document = await ask(api, { path, schema: CampaignSpec });
  const project = await ask(api, { path: '/project', schema: ProjectInfo });
  const { application, version } = detail;
  const signed = await ask(api, { path: `/releases/${application}/${version}`, schema: Signed });
  const release = Release.parse(JSON.parse(signed.body));
  async function* units() {
    for await (const page of provenancePages(api, detail.name, null))
      yield page.units.map((unit) => `${JSON.stringify(unit)}\n`).join('');
  }
  const shelf = await openShelf(place);
  try {
    const files: CrateFile[] = [];
    for (const { content, ...what } of crateContents({
      project,
      url: api.url,
      detail,
      document,
      release,
      signed,
      units,
    })) {
      const hash = createHash('sha256');
      let bytes = 0;
      await shelf.add(what.path, async function* () {
        for await (const text of content()) {
          input.stopping.throwIfAborted();
          const piece = Buffer.from(text, 'utf8');
          hash.update(piece);
          bytes += piece.length;
          yield piece;
        }
      });
      files.push({ ...what, bytes, sha256: hash.digest('hex') });
    }
    const now = new Date();
    const facts = {
      project,
      url: api.url,
      detail,
      release,
      licence,
      now,
      files,
      results: RESULTS,
      inputs: INPUTS,
    };
    const metadata = Buffer.from(`${JSON.stringify(crateMetadata(facts), null, 2)}\n`, 'utf8');
    await shelf.add(METADATA, async function* () {
      yield metadata;
    });
    await shelf.finish();
    input.terminal.document({ crate: place, files: [METADATA, ...files.map(({ path }) => path)] });
    input.terminal.note(`wrote an RO-Crate of ${count(files.length + 1)} files to ${place}`);
    return 0;
  } catch (error) {
    await shelf.discard();
    throw cannotWrite(place, error);
  }
}
