/** Publishing a repository: what no reader needs. */
export { type Create, create } from './create.ts';
export * from './errors.ts';
export { makeProgress, type Progress } from './progress.ts';
export { type Published, type PublishOptions, publish } from './publish.ts';
export { Publisher, type Revision } from './publisher.ts';
export { Settings } from './settings.ts';
export { type FolderOptions, folderSource } from './sources/folder.ts';
export type { Source } from './sources/source.ts';
export { addTag, removeTag } from './tags.ts';
export { daysLeft, resign, whitelistWarning } from './whitelist.ts';
