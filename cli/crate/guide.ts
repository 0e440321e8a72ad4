import type { CampaignDetail } from '../../protocol/campaign.ts';
import type { ProjectInfo } from '../../protocol/project-api.ts';
import { invitationTo } from '../../protocol/project-api.ts';
import type { Release } from '../../protocol/release.ts';

/** REPRODUCE.md. */
export function guide(
  project: ProjectInfo,
  url: string,
  detail: CampaignDetail,
  { application, version, software }: Release,
): string {
  const invitation = invitationTo(url, project);
  const place = software
    ? `It is in the project's CernVM-FS repository \`${software.repository}\` by the tag \`${software.tag}\` (root catalog
\`${software.rootCatalog}\`), below \`${software.path}\`.`
    : "It is not in the project's repository; its staff must push it again before it can be computed anew.";
  const running =
    detail.state === 'complete'
      ? ''
      : `
The campaign was still running when this was written: ${detail.unitsValid} of ${detail.units} work units were merged.
provenance.jsonl may hold some that were merged a moment later than the histograms were taken.
`;
  return `# ${detail.title}

Merged histograms of the campaign \`${detail.name}\` of ${project.name}, made by ${application} ${version}.
${running}
## Computing it again

With Beamtime on your computer, and the project still there:

    beamtime reproduce ${detail.name} --invitation '${invitation}'

This reads the program, runs it on the card of every merged work unit, and compares each output with what was reported and
their sum with what is merged, bit by bit. A part of it, in less time:

    beamtime reproduce ${detail.name} --fraction 0.05 --invitation '${invitation}'

One line of provenance.jsonl, for example a work unit called u523:

    beamtime reproduce u523 --invitation '${invitation}'

Without the project: start one of your own ("beamtime server"), push the release with this program and campaign.json, and let
your own computers do it; the histograms come out the same.

## What is what

- \`campaign.json\`: the campaign as it was pushed; \`beamtime push\` takes it.
- \`release.json\`: the release's document, the very bytes that the project signed; \`release.json.sig\`: its Ed25519 signature
  (base64), by the key in \`project.json\`.
- \`project.json\`: the project's keys. Fingerprint of its key: ${project.keyFingerprint}.
- \`histograms.yoda\`, \`histograms.json\`: what is merged; unnormalised, underflow and overflow included.
- \`provenance.jsonl\`: a line for each merged work unit: seed, events, outputs by their SHA-256, and the hosts that gave
  them, by pseudonyms.

The program: ${place}
`;
}
