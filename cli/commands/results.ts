import { writeFileAtomic } from '../../platform/files.ts';
import type { CampaignDetail, CampaignPoint } from '../../protocol/campaign.ts';
import { exported } from '../../protocol/exported.ts';
import { crossSectionPb, yodaText } from '../../protocol/yoda.ts';
import type { Command } from '../command.ts';
import { writeCrate } from '../crate/crate.ts';
import { findProject } from '../endpoints.ts';
import { CliError, EXIT, RefusedError, UsageError } from '../errors.ts';
import { showProvenance } from '../provenance.ts';
import { clean, type Terminal, table } from '../terminal.ts';
import { count, parameters, parseWhole } from '../words.ts';
import { askCampaign, PROJECT_OPTIONS } from './campaigns.ts';

export const results: Command = {
  name: 'results',
  summary: 'show or export the merged histograms of a campaign',
  description:
    'Without --format: each parameter point with its cross-section, and which histograms there are. Only validated work units are in it. ' +
    'YODA is that project’s text format, version 1, with unnormalised counts; JSON holds axes and counts [underflow, bins, overflow]. ' +
    'An RO-Crate holds both with the documents of campaign and release, what each unit came from, and how to compute it again.',
  positionals: { name: 'CAMPAIGN', min: 1, max: 1, help: 'its name, as "beamtime campaigns" lists it' },
  options: {
    ...PROJECT_OPTIONS,
    format: { value: 'FORMAT', help: 'export as yoda or json' },
    point: { value: 'N', help: 'only this parameter point' },
    output: { value: 'FILE', short: 'o', help: 'write the export to this file (default: standard output)' },
    provenance: { help: 'list what is merged: release, campaign, work units, hosts by pseudonyms' },
    'ro-crate': { value: 'PLACE', help: 'write all of it as an RO-Crate: a new folder, or FILE.zip' },
    licence: { value: 'SPDX', help: 'with --ro-crate: under which licence the results are, as CC-BY-4.0' },
  },
  examples: ['beamtime results z-line-shape', 'beamtime results z-line-shape --format yoda -o z.yoda'],
  async run(input) {
    const format = input.text('format') ?? (input.terminal.json ? 'json' : undefined);
    if (format !== undefined && format !== 'yoda' && format !== 'json')
      throw new UsageError(`--format takes yoda or json, not "${format}"`);
    const output = input.text('output');
    if (output !== undefined && format === undefined)
      throw new UsageError('--output needs --format yoda or --format json');
    const wanted = input.text('point');
    const index = wanted === undefined ? null : parseWhole('point', wanted, 0, 1_000_000);

    const crate = input.text('ro-crate');
    const isProvenance = input.flag('provenance');
    refuseTogether({ '--format': input.text('format'), '--ro-crate': crate, '--provenance': isProvenance });
    const licence = input.text('licence') ?? null;
    if (licence !== null && crate === undefined) throw new UsageError('--licence goes with --ro-crate');
    if (index !== null && crate !== undefined)
      throw new UsageError('an RO-Crate holds all points; leave --point out');

    const project = await findProject(input);
    const [name = ''] = input.positionals;
    const detail = await askCampaign(project, name);
    if (crate !== undefined) return writeCrate(input, { project, detail, place: crate, licence });
    const points = detail.points.filter((point) => index === null || point.index === index);
    if (points.length === 0)
      throw new RefusedError(
        `${clean(detail.name)} has no point ${index}; it has ${detail.points.length}, counted from 0`,
      );

    if (isProvenance) return showProvenance(input.terminal, project, detail, index);
    if (format === undefined) {
      show(input.terminal, { ...detail, points });
      return 0;
    }
    const text =
      format === 'yoda' ? yodaText(detail, points) : `${JSON.stringify(exported({ ...detail, points }))}\n`;
    if (output === undefined) {
      input.terminal.raw(text);
      return 0;
    }
    try {
      await writeFileAtomic(output, text, 0o644);
    } catch (cause) {
      throw new CliError(
        EXIT.failed,
        `cannot write ${output}: ${cause instanceof Error ? cause.message : cause}`,
        { cause },
      );
    }
    input.terminal.note(`wrote ${count(points.length * detail.axes.length)} histograms to ${output}`);
    return 0;
  },
};

/** @throws UsageError where more than one of these is given */
function refuseTogether(options: Readonly<Record<string, string | boolean | undefined>>): void {
  const [one, other] = Object.keys(options).filter(
    (name) => options[name] !== undefined && options[name] !== false,
  );
  if (other !== undefined) throw new UsageError(`${one} and ${other} do not go together`);
}

function show(terminal: Terminal, detail: CampaignDetail): void {
  const events = detail.points.reduce((sum, point) => sum + point.eventsValid, 0);
  terminal.say(`${terminal.style('bold', clean(detail.title))}: ${count(events)} validated events`);
  terminal.say();
  const rows = detail.points.map((point) => [
    String(point.index),
    clean(parameters(point.parameters)),
    count(point.eventsValid),
    ...sigma(point),
  ]);
  const header = ['point', 'parameters', 'events', 'cross-section / pb', 'error / pb'];
  const [head = '', ...lines] = table(header, rows, ['right', 'left', 'right', 'right', 'right']);
  terminal.say(terminal.style('dim', head));
  for (const line of lines) terminal.say(line);
  terminal.say();
  terminal.say(`Histograms: ${detail.axes.map((axis) => clean(axis.name)).join(', ')}`);
}

/** The error to two digits and the value to the same decimal, as physicists quote them. */
function sigma(point: CampaignPoint): [string, string] {
  const measured = crossSectionPb(point);
  if (!measured) return ['', ''];
  const decimals =
    measured.error > 0 ? Math.min(10, Math.max(0, 1 - Math.floor(Math.log10(measured.error)))) : 3;
  return [measured.value.toFixed(decimals), measured.error.toFixed(decimals)];
}
