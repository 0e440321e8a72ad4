import { whitelistWarning } from '../../cvmfs/publish/whitelist.ts';
import { SoftwareListing } from '../../protocol/project-api.ts';
import { ask } from '../api.ts';
import type { Command } from '../command.ts';
import { findProject } from '../endpoints.ts';
import { clean, type Terminal, table } from '../terminal.ts';
import { count } from '../words.ts';
import { PROJECT_OPTIONS } from './campaigns.ts';

export const software: Command = {
  name: 'software',
  summary: 'list what a project has published: releases, tags and sizes',
  description:
    'All of it lies in the project’s own CernVM-FS repository, served at /cvmfs/ of its address: "beamtime cvmfs ls" looks into it, and so does every CernVM-FS client.',
  options: PROJECT_OPTIONS,
  examples: ['beamtime software', 'beamtime software --url http://project.example:8080'],
  async run(input) {
    const project = await findProject(input);
    const listing = await ask(project, { path: '/software', schema: SoftwareListing });
    input.terminal.document(listing);
    show(input.terminal, listing, project.url);
    return 0;
  },
};

function show(terminal: Terminal, listing: SoftwareListing, url: string): void {
  const { repository, state, published, masterKeyFingerprint } = listing;
  terminal.say(`${terminal.style('bold', clean(repository))} at ${clean(url)}/cvmfs/${clean(repository)}`);
  terminal.say(`master key ${masterKeyFingerprint}`);
  if (!state) {
    terminal.say('nothing is published yet; "beamtime push" publishes a release');
    return;
  }
  terminal.say(`revision ${state.revision}, published ${state.publishedAt}`);
  const warning = whitelistWarning(repository, state.daysLeft);
  if (warning !== null) terminal.note(`WARNING: ${warning}`);
  terminal.say();
  const rows = published.map((one) => [
    clean(one.kind === 'appliance' ? `appliance ${one.name.slice(0, 12)}` : one.name),
    one.place
      ? clean(shortened(one.place.tag))
      : terminal.style('yellow', 'not in the repository: push it again'),
    count(one.files),
    (one.bytes / 1e6).toFixed(1),
    one.addedAt.slice(0, 10),
    clean(one.title),
  ]);
  const header = ['release', 'tag', 'files', 'MB', 'added', 'title'];
  const [head = '', ...lines] = table(header, rows, ['left', 'left', 'right', 'right', 'left', 'left']);
  terminal.say(terminal.style('dim', head));
  for (const line of lines) terminal.say(line);
}

/** An appliance's tag ends in 64 digits. */
function shortened(tag: string): string {
  return tag.length > 40 ? `${tag.slice(0, 24)}…` : tag;
}
