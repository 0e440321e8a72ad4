import { ProjectView } from '../../protocol/engine-api.ts';
import { ask } from '../api.ts';
import type { Command } from '../command.ts';
import { findEngine } from '../endpoints.ts';
import { dataOption } from '../folders.ts';
import { clean } from '../terminal.ts';

export const join: Command = {
  name: 'join',
  summary: 'join a project by its invitation',
  description:
    'The invitation carries the fingerprint of the project’s key: only what is signed with that key will ever run here. No account is needed.',
  positionals: {
    name: 'URL',
    min: 1,
    max: 1,
    help: 'beamtime://join?url=...&key=... or http(s)://host/#key=... (quote it: shells read & and #)',
  },
  options: dataOption('engine'),
  examples: ["beamtime join 'https://project.example/#key=0123456789abcdef0123456789abcdef'"],
  exitCodes: { 4: 'the invitation is not right, or the project does not show the key it names' },
  async run(input) {
    const engine = await findEngine(input);
    const [invitation = ''] = input.positionals;
    const project = await ask(engine, {
      method: 'POST',
      path: '/join',
      body: { invitation },
      schema: ProjectView,
    });
    input.terminal.document(project);
    input.terminal.say(`joined ${clean(project.name)} at ${clean(project.url)}`);
    input.terminal.say(`signing key ${project.keyFingerprint}`);
    return 0;
  },
};
