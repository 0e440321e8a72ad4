import type { CampaignDetail, CampaignSummary, Validation } from '../../protocol/campaign.ts';
import { CampaignDetail as Detail } from '../../protocol/campaign.ts';
import { CampaignList } from '../../protocol/project-api.ts';
import { type Api, ApiRefusal, ask } from '../api.ts';
import type { Command } from '../command.ts';
import { findProject } from '../endpoints.ts';
import { RefusedError } from '../errors.ts';
import { dataOption } from '../folders.ts';
import { clean, type Terminal, table } from '../terminal.ts';
import { count, parameters } from '../words.ts';

export const PROJECT_OPTIONS = {
  ...dataOption('project'),
  url: {
    value: 'URL',
    help: 'the project (default: the server on this computer, else the one that the engine has joined)',
  },
} as const;

export const campaigns: Command = {
  name: 'campaigns',
  summary: 'list a project’s campaigns, show one, or act on one',
  positionals: {
    name: 'CAMPAIGN',
    min: 0,
    max: 1,
    help: 'its name: show this one with its parameter points',
  },
  options: PROJECT_OPTIONS,
  examples: ['beamtime campaigns', 'beamtime campaigns z-line-shape'],
  async run(input) {
    const project = await findProject(input);
    const [name] = input.positionals;
    if (name === undefined) {
      const { campaigns } = await ask(project, { path: '/campaigns', schema: CampaignList });
      input.terminal.document({ campaigns });
      list(input.terminal, campaigns);
    } else {
      const detail = await ask(project, { path: `/campaigns/${encodeURIComponent(name)}`, schema: Detail });
      input.terminal.document(detail);
      show(input.terminal, detail);
    }
    return 0;
  },
};

/** @throws RefusedError where the project has no such campaign */
export async function askCampaign(project: Api, name: string): Promise<CampaignDetail> {
  try {
    return await ask(project, { path: `/campaigns/${encodeURIComponent(name)}`, schema: Detail });
  } catch (error) {
    if (!(error instanceof ApiRefusal && error.status === 404)) throw error;
    throw new RefusedError(
      `there is no campaign "${clean(name)}"; "beamtime campaigns" lists those there are`,
      {
        cause: error,
      },
    );
  }
}

function list(terminal: Terminal, campaigns: readonly CampaignSummary[]): void {
  if (campaigns.length === 0) {
    terminal.say('no campaigns yet; "beamtime push" starts one');
    return;
  }
  const rows = campaigns.map((one) => [
    clean(one.name),
    one.state,
    percent(one.eventsValid, one.eventsWanted),
    count(one.eventsValid),
    count(one.eventsWanted),
    `${count(one.unitsValid)}/${count(one.units)}`,
    one.unitsSetAside === 0 ? '' : terminal.style('yellow', count(one.unitsSetAside)),
    `${clean(one.application)} ${clean(one.version)}`,
  ]);
  const header = ['campaign', 'state', 'done', 'events', 'of', 'units', 'set aside', 'application'];
  const [head = '', ...lines] = table(header, rows, [
    'left',
    'left',
    'right',
    'right',
    'right',
    'right',
    'right',
    'left',
  ]);
  terminal.say(terminal.style('dim', head));
  for (const line of lines) terminal.say(line);
  for (const { name, state, reason } of campaigns)
    if (reason !== null) terminal.say(`${clean(name)} is ${state}: ${clean(reason)}`);
}

function show(terminal: Terminal, detail: CampaignDetail): void {
  terminal.say(`${terminal.style('bold', clean(detail.title))} (${clean(detail.name)}, ${detail.state})`);
  if (detail.reason !== null) terminal.say(terminal.style('yellow', clean(detail.reason)));
  if (detail.description) terminal.say(clean(detail.description));
  const how = howValidated(detail.validation);
  terminal.say(`${clean(detail.application)} ${clean(detail.version)}; ${how}`);
  const { adaptive } = detail;
  if (adaptive) {
    const what = adaptive.histogram === undefined ? 'the cross-section' : clean(adaptive.histogram);
    terminal.say(`adaptive: until ${what} is known to ${relative(adaptive.precision)} at every point`);
  }
  const until = detail.deadline === null ? '' : `, until ${detail.deadline}`;
  terminal.say(`for ${clean(detail.owner)}, priority ${detail.priority}${until}`);
  terminal.say();
  const rows = detail.points.map((point) => [
    String(point.index),
    clean(parameters(point.parameters)),
    `${count(point.unitsValid)}/${count(point.units)}`,
    count(point.eventsValid),
    ...(adaptive ? [point.relativeError === null ? '' : relative(point.relativeError)] : []),
  ]);
  const header = ['point', 'parameters', 'units', 'events', ...(adaptive ? ['error'] : [])];
  const [head = '', ...lines] = table(header, rows, ['right', 'left', 'right', 'right', 'right']);
  terminal.say(terminal.style('dim', head));
  for (const line of lines) terminal.say(line);
}

function relative(error: number): string {
  return `${Number((100 * error).toPrecision(2))}%`;
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '' : `${Math.floor((100 * part) / whole)}%`;
}

function howValidated(validation: Validation): string {
  if ('quorum' in validation) return `${validation.quorum} computers must agree`;
  if ('tolerance' in validation)
    return `${validation.tolerance} computers must agree within the release's tolerance`;
  if ('adaptive' in validation)
    return `computers are checked as their record demands: at most ${count(validation.adaptive)} wrong results in a million are expected`;
  return `${Math.round(100 * validation.spot)}% of each result is computed again and compared`;
}
