import { HostOwner } from '../../protocol/people-api.ts';
import { ask } from '../api.ts';
import type { Command } from '../command.ts';
import { findEngine } from '../endpoints.ts';
import { RefusedError } from '../errors.ts';
import { dataOption } from '../folders.ts';
import { clean } from '../terminal.ts';
import { findNamed, listProjects, PROJECT_NAMED } from './projects.ts';

export const attach: Command = {
  name: 'attach',
  summary: 'make this computer one of your account’s',
  description:
    'Your account’s page of a project shows a code, good for a few minutes and once. The credit this computer has is then yours; nothing else changes, and no project needs you to have an account.',
  positionals: { name: 'CODE', min: 1, max: 1, help: 'as the page shows it, for example 01AJ-ZMPX' },
  options: {
    ...dataOption('engine'),
    project: { value: 'PROJECT', help: `where more than one is joined: ${PROJECT_NAMED}` },
  },
  examples: ['beamtime attach 01AJ-ZMPX', 'beamtime attach 01AJ-ZMPX --project "LEP at home"'],
  exitCodes: { 4: 'no such project is joined, more than one could be meant, or there is no such code' },
  async run(input) {
    const engine = await findEngine(input);
    const name = input.text('project');
    const joined = (await listProjects(engine)).filter(({ leaving }) => !leaving);
    const [only, another] = joined;
    if (name === undefined && (!only || another))
      throw new RefusedError(
        only ? 'more than one project is joined; say which with --project' : 'no project is joined',
      );
    const project = name === undefined && only ? only : await findNamed(engine, name ?? '');
    const body = { project: project.keyFingerprint, code: input.positionals[0] ?? '' };
    const owner = await ask(engine, { method: 'POST', path: '/attach', body, schema: HostOwner });
    input.terminal.document({ project: project.keyFingerprint, name: owner.name });
    input.terminal.say(`this computer is ${clean(owner.name)}’s at ${clean(project.name)}`);
    return 0;
  },
};
