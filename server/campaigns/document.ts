import { isCollection, isMap, isNode, isPair, LineCounter, type Node, parseDocument } from 'yaml';
import { CampaignSpec } from '../../protocol/campaign.ts';
import { isTooDeep, TOO_DEEP } from '../depth.ts';
import { ApiFailure } from '../errors.ts';
import { UNSTORABLE, unstorable } from '../storable.ts';
import { badKey, tooDeepAt } from './bombs.ts';

/** A campaign document as read, and where in its text a path such as ["sweep", "energyGeV", 2] stands. */
export interface CampaignDocument {
  readonly spec: CampaignSpec;
  /** For errors found later. @returns "line 4, column 3 (sweep.energyGeV[2])" */
  place(path: readonly PropertyKey[]): string;
}

/** Enough for anything a person writes; expanding aliases beyond it is an attack. */
const MAX_ALIASES = 100;

/**
 * Reads YAML, of which JSON is a part, and checks it against the schema.
 * @throws ApiFailure 422 with the place
 */
export function readCampaign(text: string): CampaignDocument {
  const lines = new LineCounter();
  const refuseSyntax = (message: string, offset: number) => {
    const { line, col } = lines.linePos(offset);
    return new ApiFailure(422, 'campaign-syntax', message, { place: `line ${line}, column ${col}` });
  };
  const deepAt = tooDeepAt(text);
  if (deepAt !== null) {
    const before = text.slice(0, deepAt).split('\n');
    throw new ApiFailure(422, 'campaign-syntax', `the campaign ${TOO_DEEP}`, {
      place: `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`,
    });
  }
  const document = parseDocument(text, {
    logLevel: 'error',
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
  });
  const [error] = document.errors;
  if (error) throw refuseSyntax(`the campaign is no valid YAML or JSON: ${error.message}`, error.pos[0]);
  const bad = badKey(document);
  if (bad) throw refuseSyntax(bad.problem, bad.offset);
  const place = (path: readonly PropertyKey[]) => {
    const offset = offsetOf(document.contents, path);
    const { line, col } = lines.linePos(offset);
    return `line ${line}, column ${col}${path.length > 0 ? ` (${showPath(path)})` : ''}`;
  };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    throw new ApiFailure(422, 'campaign-syntax', `the campaign can not be read: ${String(cause)}`, { cause });
  }
  if (isTooDeep(value)) throw refuseSyntax(`the campaign ${TOO_DEEP}`, 0);
  return checkCampaign(value, place);
}

/**
 * Checks what a document says, from wherever it came, against the schema.
 * @throws ApiFailure 422 with the place
 */
export function checkCampaign(value: unknown, place: CampaignDocument['place']): CampaignDocument {
  const parsed = CampaignSpec.safeParse(value);
  if (!parsed.success) {
    const { issues } = parsed.error;
    // A misspelt key is told as such, not as the required key it leaves missing.
    const issue = deepest(issues.find((one) => one.code === 'unrecognized_keys') ?? issues[0]);
    const unknownKey = issue.code === 'unrecognized_keys' ? issue.keys?.[0] : undefined;
    const path = unknownKey === undefined ? issue.path : [...issue.path, unknownKey];
    const message =
      unknownKey === undefined
        ? `${showPath(path) || 'the campaign'}: ${issue.message}`
        : `"${unknownKey}" is not a key of a campaign here; check its spelling`;
    throw new ApiFailure(422, 'campaign-invalid', message, { place: place(path) });
  }
  const unkept = unstorable(parsed.data);
  if (unkept) {
    const message = `${showPath(unkept) || 'the campaign'}: ${UNSTORABLE}`;
    throw new ApiFailure(422, 'campaign-invalid', message, { place: place(unkept) });
  }
  return { spec: parsed.data, place };
}

interface Issue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
  readonly errors?: readonly (readonly Issue[])[];
}

/** A union's own message says nothing; the first alternative that got furthest does. */
function deepest(issue: Issue | undefined): Issue {
  if (!issue) return { code: 'custom', path: [], message: 'not a campaign' };
  if (issue.code !== 'invalid_union') return issue;
  const inner = (issue.errors ?? []).flat().filter((one) => one.code !== 'unrecognized_keys');
  const best = inner.sort((a, b) => b.path.length - a.path.length)[0];
  return best ? { ...deepest(best), path: [...issue.path, ...deepest(best).path] } : issue;
}

export function showPath(path: readonly PropertyKey[]): string {
  return path
    .map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i === 0 ? '' : '.'}${String(key)}`))
    .join('');
}

/** Where the node at a path begins; where the path leads nowhere, its nearest ancestor. */
function offsetOf(root: unknown, path: readonly PropertyKey[]): number {
  let node: unknown = root;
  let offset = start(node);
  for (const key of path) {
    if (!isCollection(node)) break;
    const pair = isMap(node)
      ? node.items.find((item) => isPair(item) && isNode(item.key) && item.key.toString() === String(key))
      : undefined;
    node = node.get(key, true);
    if (pair && isNode(pair.key)) offset = start(pair.key);
    else if (isNode(node)) offset = start(node);
    else break;
  }
  return offset;
}

function start(node: unknown): number {
  return isNode(node) ? ((node as Node).range?.[0] ?? 0) : 0;
}
