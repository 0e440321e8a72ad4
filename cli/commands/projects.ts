import { EngineState, type ProjectView } from '../../protocol/engine-api.ts';
import { type Api, ask } from '../api.ts';
import type { Command } from '../command.ts';
import { findEngine } from '../endpoints.ts';
import { RefusedError } from '../errors.ts';
import { dataOption } from '../folders.ts';
import { clean, table } from '../terminal.ts';
import { count } from '../words.ts';

export const projects: Command = {
  name: 'projects',
  summary: 'list the projects joined, with their shares and what of theirs is in hand',
  options: dataOption('engine'),
  async run(input) {
    const found = await listProjects(await findEngine(input));
    const { terminal } = input;
    terminal.document({ projects: found });
    if (found.length === 0) terminal.say('none joined; see "beamtime join --help"');
    const rows = found.map((project) => [
      clean(project.name),
      String(project.share),
      project.leaving ? 'being left' : project.connected ? 'reached' : 'not reached',
      count(project.inHand.unfinished),
      count(project.inHand.undelivered),
      project.keyFingerprint,
      clean(project.url),
    ]);
    if (rows.length === 0) return 0;
    const header = ['project', 'share', 'state', 'to compute', 'to deliver', 'key', 'address'];
    const align = ['left', 'right', 'left', 'right', 'right', 'left', 'left'] as const;
    const [head = '', ...lines] = table(header, rows, align);
    terminal.say(terminal.style('dim', head));
    for (const line of lines) terminal.say(line);
    return 0;
  },
};

export async function listProjects(engine: Api): Promise<ProjectView[]> {
  return (await ask(engine, { path: '/state', schema: EngineState })).projects;
}

export const PROJECT_NAMED = 'its name, or the beginning of its key, as "beamtime projects" lists them';

/** @throws RefusedError where none is meant, or more than one could be */
export async function findNamed(engine: Api, name: string): Promise<ProjectView> {
  const joined = (await listProjects(engine)).filter(({ leaving }) => !leaving);
  const byName = joined.filter((project) => project.name === name);
  const found = byName.length > 0 ? byName : joined.filter((one) => one.keyFingerprint.startsWith(name));
  const [first, second] = found;
  if (!first || second)
    throw new RefusedError(
      `"${clean(name)}" names ${first ? 'more than one project; give the beginning of its key' : 'no project joined'}; "beamtime projects" lists them`,
    );
  return first;
}
