/** Publishing a repository: what no reader needs. */

export { type Checked, checkRepository } from './check/repository.ts';
export { updateCopy } from './copy.ts';
export { type Create, create } from './create.ts';
export { type Changes, changesBetween, type Difference, storedView } from './diff.ts';
export * from './errors.ts';
export { type Collected, collectGarbage, type Keep } from './gc.ts';
export { FolderPlace } from './places/folder.ts';
export type { Place } from './places/place.ts';
export { makeProgress, type Progress } from './progress.ts';
export { type Published, type PublishOptions, publish } from './publish.ts';
export { Publisher, type Revision } from './publisher.ts';
export { folderOrigin, type Origin, serverOrigin } from './replicate/origin.ts';
export { type Replicated, replicate } from './replicate/replicate.ts';
export { type PublishedRevision, revisions } from './revisions.ts';
export { rollback } from './rollback.ts';
export { readSettings, Settings } from './settings.ts';
export { fileBytes, type Owner, tarSource } from './sources/archives.ts';
export { debSource, debsIn, fetchDebs, withDependencies } from './sources/deb.ts';
export { type FolderOptions, folderSource } from './sources/folder.ts';
export { type Listed, listedSource } from './sources/listed.ts';
export { ociSource } from './sources/oci.ts';
export type { Source } from './sources/source.ts';
export { addTag, findTag, removeTag, revisionNumbered } from './tags.ts';
export { daysLeft, resign, whitelistWarning } from './whitelist.ts';
