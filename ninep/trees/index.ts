/** The trees a 9P server or a WASI host can serve, and helpers for callers in this process. */
export { NAME_MAX } from './common.ts';
export { type FixedEntry, fixedTree } from './fixed.ts';
export { type HostFolderOptions, hostFolder } from './host-folder.ts';
export { type MemoryTreeOptions, memoryTree } from './memory.ts';
export { type OnWrite, observed } from './observed.ts';
export { appendFile, findNode, listFolder, makeFolders, nodeAt, READ, readFile, writeFile } from './paths.ts';
export type { QuotaLimits } from './quota.ts';
export {
  content,
  Mailbox,
  type SyntheticFile,
  type SyntheticFolder,
  type SyntheticStream,
  sink,
  stream,
  synthetic,
} from './synthetic.ts';
export { union } from './union.ts';
