import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { sha256 } from '../platform/files.ts';
import { CampaignSummary } from '../protocol/campaign.ts';
import type { Blob } from '../protocol/primitives.ts';
import { Appliance, type Platform, Signed } from '../protocol/release.ts';
import { StoredObject } from '../protocol/staff-api.ts';
import { type Api, ApiRefusal, ask } from './api.ts';
import { RefusedError } from './errors.ts';
import { type ApplianceDocument, type ReleaseDocument, readDocument } from './push/documents.ts';
import { missing, readFileText, readTables, shorter } from './push/files.ts';
import { type DocumentText, readText } from './push/text.ts';
import { treeOf } from './push/tree.ts';

/** What pushing one document did. */
export interface Pushed {
  readonly file: string;
  readonly kind: 'release' | 'appliance' | 'campaign';
  /** "evgen 0.1.0", the campaign's name, or the first digits of the image's name. */
  readonly name: string;
  /** What a person should know, for example programs that are not built here. */
  readonly notices: readonly string[];
  /** Files that the project did not have yet. */
  readonly uploaded: readonly { readonly file: string; readonly bytes: number }[];
  /** Of a campaign. */
  readonly summary: CampaignSummary | null;
}

export interface PushServer {
  readonly url: string;
  readonly staffToken: string;
}

export interface PushOptions extends PushServer {
  readonly file: string;
  /** Top-level keys set in place of what the document says, for example version or name. */
  readonly overrides?: Readonly<Record<string, string | number>>;
}

export type Staff = Api & { readonly token: string };

/** Uploading a file over a slow line. */
const UPLOAD_TIMEOUT_MS = 30 * 60_000;
/** The server compresses all files of a release; a large tree has gigabytes of them. */
const PUBLISH_TIMEOUT_MS = 30 * 60_000;

/**
 * Publishes one document; pushing the very same again changes nothing.
 * @throws RefusedError, whose message begins with FILE:LINE where the document is at fault; NotRunningError
 */
export async function pushDocument(options: PushOptions): Promise<Pushed> {
  const api = staffApi(options);
  const shown = shorter(options.file);
  const text = readText(shown, await readFileText(options.file), options.overrides);
  const document = readDocument(text);
  try {
    if (document.kind === 'release') return await pushRelease(api, options.file, text, document);
    if (document.kind === 'appliance') return await pushAppliance(api, options.file, text, document);
    return await pushCampaign(api, text);
  } catch (error) {
    throw error instanceof ApiRefusal ? placed(text, error) : error;
  }
}

export function staffApi({ url, staffToken }: PushServer): Staff {
  return {
    who: 'the project server',
    url,
    token: staffToken,
    remedy: 'check the address and the staff token',
  };
}

async function pushRelease(
  api: Staff,
  file: string,
  text: DocumentText,
  document: z.infer<typeof ReleaseDocument>,
): Promise<Pushed> {
  const { kind, programs: paths, references: tables, ...rest } = document;
  const references = tables && (await readTables(file, text, tables));
  const programs: Partial<Record<Platform, Blob>> = {};
  const notices: string[] = [];
  const uploaded: { file: string; bytes: number }[] = [];
  for (const [platform, path] of Object.entries(paths) as [Platform, string][]) {
    const full = resolve(dirname(file), path);
    const isTree = (await stat(full).catch(missing))?.isDirectory() ?? false;
    const data = isTree ? await pushTree(api, full, uploaded) : await readFile(full).catch(missing);
    if (data === null) {
      notices.push(
        `${text.at(['programs', platform])}: ${path} does not exist; the release goes without ${platform}`,
      );
      continue;
    }
    const stored = await upload(api, data);
    programs[platform] = { sha256: stored.sha256, bytes: stored.bytes };
    if (stored.created) uploaded.push({ file: basename(path), bytes: stored.bytes });
  }
  if (Object.keys(programs).length === 0)
    throw new RefusedError(`${text.at(['programs'])}: none of the programs exists; build them first`);
  const body = { ...rest, programs, ...(references && { references }) };
  await ask(api, {
    method: 'PUT',
    path: '/staff/releases',
    body,
    schema: Signed,
    timeoutMs: PUBLISH_TIMEOUT_MS,
  });
  const name = `${document.application} ${document.version}`;
  return { file: text.file, kind, name, notices, uploaded, summary: null };
}

/** @returns the manifest, with everything it names uploaded */
async function pushTree(
  api: Staff,
  folder: string,
  uploaded: { file: string; bytes: number }[],
): Promise<Buffer<ArrayBuffer>> {
  const manifest = await treeOf(folder, async (path, data) => {
    const stored = await upload(api, data);
    if (stored.created) uploaded.push({ file: path, bytes: stored.bytes });
    return stored;
  });
  return Buffer.from(JSON.stringify(manifest));
}

async function pushAppliance(
  api: Staff,
  file: string,
  text: DocumentText,
  document: z.infer<typeof ApplianceDocument>,
): Promise<Pushed> {
  const uploaded: { file: string; bytes: number }[] = [];
  const store = async (key: 'kernel' | 'initrd'): Promise<Blob> => {
    const data = await readFile(resolve(dirname(file), document[key])).catch(missing);
    if (data === null)
      throw new RefusedError(`${text.at([key])}: ${document[key]} does not exist; build the appliance first`);
    const { sha256, bytes, created } = await upload(api, data);
    if (created) uploaded.push({ file: basename(document[key]), bytes });
    return { sha256, bytes };
  };
  const body = {
    kernel: await store('kernel'),
    initrd: await store('initrd'),
    kernelVersion: document.kernelVersion,
  };
  const signed = await ask(api, {
    method: 'PUT',
    path: '/staff/appliance',
    body,
    schema: Signed,
    timeoutMs: PUBLISH_TIMEOUT_MS,
  });
  const { image } = Appliance.parse(JSON.parse(signed.body));
  return {
    file: text.file,
    kind: 'appliance',
    name: image.slice(0, 12),
    notices: [],
    uploaded,
    summary: null,
  };
}

async function pushCampaign(api: Staff, text: DocumentText): Promise<Pushed> {
  const summary = await ask(api, {
    method: 'POST',
    path: '/staff/campaigns',
    raw: { data: text.text, type: 'application/yaml' },
    schema: CampaignSummary,
  });
  return { file: text.file, kind: 'campaign', name: summary.name, notices: [], uploaded: [], summary };
}

async function upload(api: Staff, data: Buffer<ArrayBuffer>): Promise<StoredObject> {
  return ask(api, {
    method: 'PUT',
    path: `/staff/objects/${sha256(data)}`,
    raw: { data, type: 'application/octet-stream' },
    schema: StoredObject,
    timeoutMs: UPLOAD_TIMEOUT_MS,
  });
}

/** The server's place in the text ("line 4, column 3 (sweep)") as FILE:LINE, as everything else that reads files says it. */
export function placed(text: DocumentText, refusal: ApiRefusal): RefusedError {
  const line = /^line (\d+)/.exec(refusal.place ?? '')?.[1];
  const at = line ? `${text.file}:${line}` : refusal.place ? text.at(refusal.place.split('.')) : text.file;
  return new RefusedError(`${at}: ${refusal.plain}`, { cause: refusal });
}
