import type { Tag } from '../format/history.ts';
import { commit } from './commit.ts';
import { PublishError, UnknownTag } from './errors.ts';
import type { Publisher, Revision } from './publisher.ts';
import { type PublishedRevision, revisions } from './revisions.ts';

/** Names that the reference implementation keeps for itself. */
const RESERVED = ['trunk', 'trunk-previous'];

/** A name that cannot be given. */
export class BadTag extends PublishError {}

/** @returns the tags there are, after a look whether one more of this name may be. @throws BadTag */
export function checkNewTag(tags: readonly Tag[], name: string): readonly Tag[] {
  if (!/^[A-Za-z0-9][A-Za-z0-9._:+-]{0,254}$/.test(name) || RESERVED.includes(name)) {
    throw new BadTag(
      `"${name}" cannot be a tag: letters, digits and ._:+- are allowed, and ${RESERVED.join(', ')} are not`,
    );
  }
  if (tags.some((tag) => tag.name === name)) {
    throw new BadTag(`there is a tag "${name}" already; remove it first, or take another name`);
  }
  return tags;
}

export function findTag(tags: readonly Tag[], name: string): Tag {
  const tag = tags.find((one) => one.name === name);
  if (!tag) {
    throw new UnknownTag(
      name,
      tags.map((one) => one.name),
    );
  }
  return tag;
}

export interface NewTag {
  readonly name: string;
  readonly description: string;
}

export function tagOf(given: NewTag, of: PublishedRevision, nowSeconds: number): Tag {
  return {
    ...given,
    rootCatalog: of.rootCatalog,
    rootCatalogBytes: of.rootCatalogBytes,
    revision: of.revision,
    timestamp: nowSeconds,
    branch: '',
  };
}

/** Names a revision that is there. @param revision the newest where none is given */
export async function addTag(
  publisher: Publisher,
  given: NewTag,
  revision: number | undefined,
  nowSeconds: number,
): Promise<Tag> {
  const current = await publisher.current();
  const tags = checkNewTag(current.history?.tags ?? [], given.name);
  const tag = tagOf(given, await revisionNumbered(publisher, current, revision), nowSeconds);
  await commitTags(publisher, current, [...tags, tag], nowSeconds);
  return tag;
}

export async function removeTag(publisher: Publisher, name: string, nowSeconds: number): Promise<void> {
  const current = await publisher.current();
  const tags = current.history?.tags ?? [];
  findTag(tags, name);
  await commitTags(
    publisher,
    current,
    tags.filter((tag) => tag.name !== name),
    nowSeconds,
  );
}

/** @throws PublishError where it is gone */
export async function revisionNumbered(
  publisher: Publisher,
  current: Revision,
  number: number | undefined,
): Promise<PublishedRevision> {
  for await (const one of revisions(publisher.stored, current.manifest)) {
    if (number === undefined || one.revision === number) return one;
  }
  throw new PublishError(`revision ${number} is not there any more`);
}

async function commitTags(
  publisher: Publisher,
  current: Revision,
  tags: readonly Tag[],
  nowSeconds: number,
): Promise<void> {
  const { rootCatalog, rootCatalogBytes = 0, revision } = current.manifest;
  await commit(
    publisher,
    current,
    { rootCatalog, rootCatalogBytes, revision, tags, written: [] },
    nowSeconds,
  );
}
