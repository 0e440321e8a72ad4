import { EngineState } from '../../protocol/engine-api.ts';
import { ask } from '../api.ts';
import type { Command } from '../command.ts';
import { findEngine, pageOf } from '../endpoints.ts';
import { dataOption } from '../folders.ts';
import { clean, type Terminal, table } from '../terminal.ts';
import { count, credit, duration, parameters } from '../words.ts';

const COLOURS = {
  starting: 'cyan',
  computing: 'green',
  waiting: 'yellow',
  paused: 'yellow',
  attention: 'red',
  offline: 'yellow',
  stopping: 'cyan',
} as const;

export const status: Command = {
  name: 'status',
  summary: 'say what the engine is doing and why, and where its page is',
  description:
    'The link to the page carries the key that opens it: whoever has it may see and pause this computer’s work from this computer.',
  options: dataOption('engine'),
  async run(input) {
    const engine = await findEngine(input);
    const state = await ask(engine, { path: '/state', schema: EngineState });
    const page = pageOf(engine.endpoint);
    input.terminal.document({ ...state, page, pid: engine.endpoint.pid });
    show(input.terminal, state, page);
    return 0;
  },
};

function show(terminal: Terminal, state: EngineState, page: string): void {
  const { status, contribution, projects, running } = state;
  const name = terminal.style(['bold', COLOURS[status.state]], status.state);
  terminal.say(`${name}: ${clean(status.reason)}`);
  if (status.pausedUntil)
    terminal.say(`goes on by itself at ${new Date(status.pausedUntil).toLocaleTimeString('en-GB')}`);
  terminal.say();
  if (running.length > 0) {
    const rows = running.map((unit) => [
      clean(unit.campaignTitle),
      clean(parameters(unit.parameters)),
      unit.capsule,
      unit.state,
      unit.total > 0 ? `${Math.floor((100 * unit.done) / unit.total)}%` : '',
      count(unit.eventsPerSecond),
      unit.secondsLeft === null ? '' : duration(unit.secondsLeft),
    ]);
    const header = ['campaign', 'parameters', 'capsule', 'state', 'done', 'events/s', 'left'];
    const [head = '', ...lines] = table(header, rows, [
      'left',
      'left',
      'left',
      'left',
      'right',
      'right',
      'right',
    ]);
    terminal.say(terminal.style('dim', head));
    for (const line of lines) terminal.say(line);
    terminal.say();
  }
  const facts = [
    ['Speed', `${count(contribution.eventsPerSecond)} events/s`],
    [
      'Events',
      `${count(contribution.eventsValid)} validated of ${count(contribution.eventsComputed)} computed`,
    ],
    [
      'Work units',
      `${count(contribution.unitsValid)} valid, ${count(contribution.unitsPending)} being checked, ${count(contribution.unitsInvalid)} not valid`,
    ],
    ['Credit', `${credit(contribution.creditMicroseconds)} reference-core seconds`],
    ...(projects.length === 0 ? [['Project', 'none; see "beamtime join --help"']] : []),
    ...projects.flatMap((project) => [
      ['Project', `${clean(project.name)} at ${clean(project.url)}${remarks(project)}`],
      ...(project.message ? [['', clean(project.message)]] : []),
    ]),
    ['Page', page],
  ];
  for (const [what = '', text = ''] of facts)
    terminal.say(`${terminal.style('dim', what.padEnd(11))}${text}`);
}

function remarks({ connected, leaving }: EngineState['projects'][number]): string {
  return `${leaving ? ', being left' : ''}${connected ? '' : ', not reached now'}`;
}
