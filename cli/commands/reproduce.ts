import { availableParallelism } from 'node:os';
import { UnitRecord } from '../../protocol/catalogue.ts';
import { ask } from '../api.ts';
import type { Command, Input } from '../command.ts';
import { CliError, EXIT, RefusedError, UsageError } from '../errors.ts';
import { type PointComparison, reproducePoint } from '../reproduce/merged.ts';
import { type Program, publishedProgram } from '../reproduce/program.ts';
import { type BelievedProject, believedProject } from '../reproduce/project.ts';
import { showPoint, showSource, showUnit } from '../reproduce/show.ts';
import { isSame, reproduceUnit, type UnitComparison } from '../reproduce/unit.ts';
import { clean } from '../terminal.ts';
import { count, parseWhole } from '../words.ts';
import { askCampaign, PROJECT_OPTIONS } from './campaigns.ts';

export const reproduce: Command = {
  name: 'reproduce',
  summary: 'compute a result or merged histograms again here, and compare them bit by bit',
  description:
    'RESULT is a work unit (u523), one result of it by its lease (l991), or a campaign. The program is read by its tag out of the project’s ' +
    'repository and run in WebAssembly on the recorded cards. Of a campaign all merged units are computed again and added up; ' +
    '--units or --fraction compute some of them, chosen at random, and compare these. What is proved: docs/reproduce.md.',
  positionals: { name: 'RESULT', min: 1, max: 1, help: 'a work unit, a lease, or a campaign’s name' },
  options: {
    ...PROJECT_OPTIONS,
    invitation: { value: 'INVITATION', help: 'the project by its invitation, which says its keys' },
    point: { value: 'N', help: 'of a campaign: only this parameter point' },
    histogram: { value: 'NAME', help: 'of a campaign: compare only this merged histogram' },
    units: { value: 'N', help: 'of a campaign: compute so many units of each point' },
    fraction: { value: 'F', help: 'of a campaign: compute this part of each point’s units, 0.1 is a tenth' },
    'add-up': {
      help: 'with --units or --fraction: also add up the outputs that the project holds of all units',
    },
    cores: { value: 'N', help: 'so many at once (default: all cores)' },
  },
  examples: [
    'beamtime reproduce u523',
    'beamtime reproduce z-line-shape --point 2 --histogram thrust',
    'beamtime reproduce z-line-shape --fraction 0.05 --invitation "beamtime://join?url=..."',
  ],
  exitCodes: {
    0: 'all that was computed is identical',
    1: 'something differs, or can not be computed here',
    4: 'the project refused, or what it sent is not to be believed',
  },
  async run(input) {
    const [result = ''] = input.positionals;
    const campaignOptions = ['point', 'histogram', 'units', 'fraction'].filter(
      (name) => input.text(name) !== undefined,
    );
    const isUnit = /^[ul][1-9]\d*$/.test(result);
    if (isUnit && campaignOptions.length > 0)
      throw new UsageError(`--${campaignOptions[0]} goes with a campaign, and ${result} is one result`);
    try {
      return isUnit ? await one(input, result) : await campaign(input, result);
    } catch (error) {
      if (!input.stopping.aborted) throw error;
      throw new CliError(EXIT.failed, 'stopped; nothing can be said of what was not computed', {
        cause: error,
      });
    }
  },
};

async function one(input: Input, id: string): Promise<number> {
  const { terminal, stopping } = input;
  const project = await believedProject(input);
  const record = await ask(project.api, { path: `/results/${id}`, schema: UnitRecord });
  const program = await publishedProgram(project, record, stopping);
  const { campaign, point, card, unit, results } = record;
  terminal.note(`computing ${count(card.events)} events of ${clean(campaign)}, point ${point}`);
  const { comparison } = await reproduceUnit(project.api, program, { unit, card, results }, stopping);
  const isIdentical = isSame(comparison);
  const held = results.map(({ lease, host, state, outputHash }) => ({ lease, host, state, outputHash }));
  terminal.document({
    identical: isIdentical,
    ...sourceOf(project, program),
    campaign,
    point,
    held,
    units: [comparison],
  });
  showSource(terminal, project, program);
  terminal.say(
    `campaign ${clean(campaign)}, point ${point}; the project holds ${held.map(shown).join(', ')}`,
  );
  showUnit(terminal, comparison);
  return isIdentical ? EXIT.done : EXIT.failed;
}

function shown({ lease, host, state }: { lease: string; host: string; state: string }): string {
  return `${lease} by ${host}${state === 'valid' ? '' : ` (${state})`}`;
}

async function campaign(input: Input, name: string): Promise<number> {
  const { terminal, stopping } = input;
  const [cores, share, point] = [coresOf(input), shareOf(input), whole(input, 'point', 0)];
  const histogram = input.text('histogram') ?? null;
  const project = await believedProject(input);
  const detail = await askCampaign(project.api, name);
  const wanted = detail.points.filter(({ index }) => point === null || index === point);
  if (wanted.length === 0)
    throw new RefusedError(
      `${clean(detail.name)} has no point ${point}; it has ${detail.points.length}, counted from 0`,
    );
  if (histogram !== null && !detail.axes.some((axis) => axis.name === histogram))
    throw new RefusedError(
      `${clean(detail.name)} has no histogram "${clean(histogram)}"; "beamtime results ${clean(detail.name)}" lists them`,
    );
  const program = await publishedProgram(project, detail, stopping);
  const points: PointComparison[] = [];
  for (const { index } of wanted) {
    points.push(
      await reproducePoint(detail.name, index, {
        ...{ api: project.api, program, histogram, share, cores, signal: stopping },
        addUp: input.flag('add-up'),
        onUnit: (unit, done, of) => {
          if (!isSame(unit) || done === of || done % Math.ceil(of / 20) === 0)
            terminal.note(progress(index, unit, done, of));
        },
      }),
    );
  }
  const unitsMerged = points.reduce((sum, { unitsMerged }) => sum + unitsMerged, 0);
  if (unitsMerged === 0) throw new RefusedError(`nothing is merged yet in ${clean(detail.name)}`);
  const isIdentical = points.every(isPointSame);
  const notChecked = uncheckedOf(points, histogram);
  terminal.document({
    identical: isIdentical,
    ...sourceOf(project, program),
    campaign: detail.name,
    histogram,
    points,
    notChecked,
  });
  showSource(terminal, project, program);
  for (const one of points) showPoint(terminal, detail.name, one);
  terminal.say();
  for (const words of notChecked) terminal.say(`not checked: ${words}`);
  terminal.say(isIdentical ? 'identical' : terminal.style('red', 'DIFFERS'));
  return isIdentical ? EXIT.done : EXIT.failed;
}

function progress(point: number, unit: UnitComparison, done: number, of: number): string {
  const differs = isSame(unit) ? '' : `; ${unit.unit} differs`;
  return `point ${point}: ${count(done)} of ${count(of)} work units${differs}`;
}

function isPointSame({ units, differences, gap, unitsLost }: PointComparison): boolean {
  return gap === null && unitsLost === 0 && differences.length === 0 && units.every(isSame);
}

function uncheckedOf(points: readonly PointComparison[], histogram: string | null): string[] {
  const left = points.reduce(
    (sum, { units, unitsMerged }) => sum + Math.max(0, unitsMerged - units.length),
    0,
  );
  return [
    ...(left > 0 ? [`${count(left)} merged units, which were not computed`] : []),
    ...(points.some(({ sum }) => sum === 'none')
      ? ['whether what is merged is the sum of its units (compute all of them, or give --add-up)']
      : []),
    ...(points.some(({ sum }) => sum === 'held')
      ? ['whether the outputs that were added up are right, but for the units that were computed']
      : []),
    ...(histogram === null ? [] : [`the sums of other histograms than ${histogram}, and the cross-section`]),
  ];
}

function sourceOf(project: BelievedProject, { release, place, wasmSha256 }: Program) {
  const { api, name, keyFingerprint, software, isInvited } = project;
  return {
    project: {
      ...{ name, url: api.url, keyFingerprint, masterKeyFingerprint: software.masterKeyFingerprint },
      keysFrom: isInvited ? 'invitation' : 'project',
    },
    release: { application: release.application, version: release.version, ...place, program: wasmSha256 },
  };
}

function whole(input: Input, option: string, min: number): number | null {
  const text = input.text(option);
  return text === undefined ? null : parseWhole(option, text, min, 1e9);
}

function coresOf(input: Input): number {
  return Math.min(1024, whole(input, 'cores', 1) ?? availableParallelism());
}

/** @throws UsageError */
function shareOf(input: Input): (units: number) => number {
  const units = whole(input, 'units', 1);
  const text = input.text('fraction');
  if (text === undefined) return (all) => units ?? all;
  if (units !== null) throw new UsageError('--units and --fraction say two things; give one of them');
  const fraction = Number(text);
  if (!(fraction > 0 && fraction <= 1))
    throw new UsageError(`--fraction takes a number above 0 and up to 1, not "${text}"`);
  return (all) => Math.max(1, Math.round(all * fraction));
}
