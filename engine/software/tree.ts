import { type Release, TREE_PLATFORM } from '../../protocol/release.ts';
import { softwareNames } from '../../protocol/software.ts';
import type { Member, Software, SoftwareTree } from './software.ts';

/**
 * The folder that a release's command lies in, out of the project's repository.
 * @returns null where the program is one file, or a tree of the server's objects
 * @throws ProjectError
 */
export async function programTree(
  release: Release,
  member: Member,
  software: Software,
  signal: AbortSignal,
): Promise<SoftwareTree | null> {
  if (release.command === undefined || !release.software || !member.software) return null;
  return software.tree(member, release.software, softwareNames.treeFolder(TREE_PLATFORM), signal);
}
