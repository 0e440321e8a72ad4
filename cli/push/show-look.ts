import { clean, type Terminal, table } from '../terminal.ts';
import { count, duration, parameters, withError } from '../words.ts';
import type { Look } from './dry-run.ts';

/** A campaign that was looked at, for people. */
export function showLook(terminal: Terminal, look: Look): void {
  const { points, units, events, adaptive, copies } = look;
  terminal.say(
    `campaign ${clean(look.name)}: ${look.exists ? 'is there already, the very same' : 'would be accepted; nothing was started'}`,
  );
  const most = adaptive ? 'at most ' : '';
  const each = copies === 1 ? '' : `, each on ${copies} computers`;
  terminal.say(`${count(points)} points, ${most}${count(units)} work units, ${count(events)} events${each}`);
  terminal.say();
  if (look.trial) trials(terminal, look.trial);
  else terminal.say('The release has no program that runs here: no events were computed.');
  terminal.say();
  cost(terminal, look);
}

function trials(terminal: Terminal, trial: NonNullable<Look['trial']>): void {
  const rows = trial.map(({ index, crossSectionPb: { value, error }, ...one }) => [
    String(index),
    clean(parameters(one.parameters)),
    count(one.events),
    withError(value, error).join(' +- '),
    count(one.eventsPerSecond),
  ]);
  const header = ['point', 'parameters', 'events', 'cross-section (pb)', 'events/s here'];
  const [head = '', ...lines] = table(header, rows, ['right', 'left', 'right', 'right', 'right']);
  terminal.say(terminal.style('dim', head));
  for (const line of lines) terminal.say(line);
}

function cost(terminal: Terminal, look: Look): void {
  const { adaptive, basis, secondsPerEvent, coreHours, coreHoursHere, lately, hours } = look;
  const release = `${clean(look.application)} ${clean(look.version)}`;
  const pace = `${Number((secondsPerEvent * 1e6).toPrecision(3))} µs an event`;
  const whose =
    basis === 'hosts' ? 'as hosts took lately' : "the release's own figure, for the reference core";
  terminal.say(`Cost: ${adaptive ? 'at most ' : ''}${coreTime(coreHours)} (${release}: ${pace}, ${whose})`);
  if (coreHoursHere !== null)
    terminal.say(`      ${coreTime(coreHoursHere)} at the pace of this computer just now`);
  if (lately === null || hours === null) {
    terminal.say('Time: unknown; no computer has reported a result in the last week');
    return;
  }
  const hosts = lately.hosts === 1 ? '1 computer' : `${count(lately.hosts)} computers`;
  const slots = `${Number(lately.slots.toPrecision(2))} work units at a time`;
  terminal.say(
    `Time: ${duration(hours * 3600)} with what the project had lately: ${hosts}, ${slots} (${count(lately.results)} results)`,
  );
}

function coreTime(hours: number): string {
  const [value, unit] = hours < 0.1 ? [hours * 3600, 'core seconds'] : [hours, 'core hours'];
  return `${Number(value.toPrecision(3)).toLocaleString('en-GB')} ${unit}`;
}
