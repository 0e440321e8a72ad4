import { JoinPreview, ProjectView } from '../../protocol/engine-api.ts';
import { type Api, ask } from '../api.ts';
import type { Command, Input } from '../command.ts';
import { findEngine } from '../endpoints.ts';
import { dataOption } from '../folders.ts';
import { clean } from '../terminal.ts';

export const join: Command = {
  name: 'join',
  summary: 'join a project by its invitation',
  description:
    'The invitation carries the fingerprint of the project’s key: only what is signed with that key will ever run here. No account is needed.',
  positionals: {
    name: 'INVITATION',
    min: 1,
    max: 1,
    help: 'beamtime://join?url=...&key=... or http(s)://host/#key=... (quote it: shells read & and #)',
  },
  options: {
    ...dataOption('engine'),
    preset: { help: 'take over the preferences that the invitation proposes; --preview shows them' },
    preview: { help: 'only say who the project is and what it would run; join nothing' },
  },
  examples: ["beamtime join 'https://project.example/#key=0123456789abcdef0123456789abcdef'"],
  exitCodes: { 4: 'the invitation is not right, or the project does not show the key it names' },
  async run(input) {
    const engine = await findEngine(input);
    const [invitation = ''] = input.positionals;
    if (input.flag('preview')) return preview(input, engine, invitation);
    const project = await ask(engine, {
      method: 'POST',
      path: '/join',
      body: { invitation, preset: input.flag('preset') },
      schema: ProjectView,
    });
    input.terminal.document(project);
    input.terminal.say(`joined ${clean(project.name)} at ${clean(project.url)}`);
    input.terminal.say(`signing key ${project.keyFingerprint}`);
    return 0;
  },
};

async function preview({ terminal }: Input, engine: Api, invitation: string): Promise<number> {
  const project = await ask(engine, {
    method: 'POST',
    path: '/join/preview',
    body: { invitation },
    schema: JoinPreview,
  });
  terminal.document(project);
  terminal.say(`${terminal.style('bold', clean(project.name))} at ${clean(project.url)}`);
  if (project.description) terminal.say(clean(project.description));
  terminal.say(`signing key ${project.keyFingerprint}, as the invitation says`);
  if (project.joined) terminal.say('joined already');
  if (project.invitedTo) terminal.say(`invited as: ${clean(project.invitedTo.label)}`);
  for (const [name, value] of Object.entries(project.invitedTo?.preferences ?? {}))
    terminal.say(`  proposes ${name}: ${clean(JSON.stringify(value))} (taken with --preset)`);
  terminal.say(project.campaigns.length === 0 ? 'it has no work just now' : 'it would run:');
  for (const { title, application, version } of project.campaigns)
    terminal.say(`  ${clean(title)} (${clean(application)} ${clean(version)})`);
  return 0;
}
