import type { SoftwarePlace } from '../../protocol/software.ts';
import type { ProjectClient } from '../project/client.ts';
import { SoftwareRefused } from '../project/errors.ts';
import type { Member, PlacedSoftware, Software } from './software.ts';

/**
 * Where the files of a signed document come from: the project's repository, if its invitation vouched for one; then
 * from nowhere else, or who holds the server alone could do without the master key. Else the server's objects.
 * @param what for the person, for example "evgen 1.0"
 * @throws SoftwareRefused
 */
export function placedSoftware(
  document: { readonly software?: SoftwarePlace | undefined },
  what: string,
  from: {
    readonly member: Member;
    readonly client: ProjectClient;
    readonly software: Software;
    readonly signal: AbortSignal;
  },
): PlacedSoftware {
  const { member, client, software, signal } = from;
  if (member.software === null) {
    return {
      source: () => (sha256, offset, aborted) => client.object(sha256, offset, aborted),
      close: async () => {},
    };
  }
  if (document.software) return software.at(member, document.software, signal);
  throw new SoftwareRefused(
    `${what} is not in the software repository of ${member.name}, so it is not run; its staff must push it again`,
  );
}
