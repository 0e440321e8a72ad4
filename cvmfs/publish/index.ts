/** Publishing a repository: what no reader needs. */

export { type Checked, checkRepository } from './check/repository.ts';
export { type Create, create } from './create.ts';
export { type Changes, changesBetween, type Difference, storedView } from './diff.ts';
export * from './errors.ts';
export { type Collected, collectGarbage, type Keep } from './gc.ts';
export { makeProgress, type Progress } from './progress.ts';
export { type Published, type PublishOptions, publish } from './publish.ts';
export { Publisher, type Revision } from './publisher.ts';
export { type PublishedRevision, revisions } from './revisions.ts';
export { rollback } from './rollback.ts';
export { Settings } from './settings.ts';
export { type FolderOptions, folderSource } from './sources/folder.ts';
export type { Source } from './sources/source.ts';
export { addTag, findTag, removeTag, revisionNumbered } from './tags.ts';
export { daysLeft, resign, whitelistWarning } from './whitelist.ts';
