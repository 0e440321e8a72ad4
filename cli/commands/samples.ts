import { type Sample, SamplePage, SampleQuery } from '../../protocol/catalogue.ts';
import { type Api, ask } from '../api.ts';
import type { Command, Input } from '../command.ts';
import { download } from '../download.ts';
import { findProject } from '../endpoints.ts';
import { RefusedError, UsageError } from '../errors.ts';
import { clean, type Terminal, table } from '../terminal.ts';
import { bytes, count, parameters, parseWhole } from '../words.ts';
import { PROJECT_OPTIONS } from './campaigns.ts';

export const samples: Command = {
  name: 'samples',
  summary: 'find samples of events, or take one as a HepMC3 file',
  description:
    'Lists the points of campaigns whose work units have kept files. With --output, the events of one point (CAMPAIGN and --point) or of one ' +
    'work unit (--unit) become one file in HepMC3’s ASCII format; compressed, where its name ends in .gz.',
  positionals: { name: 'CAMPAIGN', min: 0, max: 1, help: 'only of this campaign' },
  options: {
    ...PROJECT_OPTIONS,
    text: { value: 'WORDS', help: 'only of campaigns that have this in name, title or description' },
    application: { value: 'NAME', help: 'only what this application made' },
    where: {
      value: 'WISHES',
      help: 'only points with these parameters: name:value or name:low..high, with commas',
    },
    limit: { value: 'N', help: 'list at most so many points (default: 200)' },
    output: { value: 'FILE', short: 'o', help: 'take the events, into this file' },
    point: { value: 'N', help: 'with --output: of this parameter point' },
    unit: { value: 'ID', help: 'with --output: of this work unit (u523) or result (l991) alone' },
    file: {
      value: 'PATH',
      help: 'with --output: which of the files that were kept (default: the one *.hepmc)',
    },
  },
  examples: [
    'beamtime samples --where energyGeV:88..92',
    'beamtime samples generate-z --point 1 -o z.hepmc3.gz',
    'beamtime samples --unit u523 --file events.hepmc -o u523.hepmc3',
  ],
  async run(input) {
    const output = input.text('output');
    if (output !== undefined) return take(input, output);
    for (const option of ['point', 'unit', 'file'])
      if (input.text(option) !== undefined) throw new UsageError(`--${option} goes with --output`);
    const limit = parseWhole('limit', input.text('limit') ?? '200', 1, 100_000);
    const query = queryOf(input);
    const found = await find(await findProject(input), query, limit);
    input.terminal.document(found);
    list(input.terminal, found);
    return 0;
  },
};

/** @throws UsageError saying what is wrong with the wishes */
function queryOf(input: Input): SampleQuery {
  const [campaign] = input.positionals;
  const [text, application, where] = ['text', 'application', 'where'].map((option) => input.text(option));
  const wishes = { campaign, text, application, where };
  const given = Object.entries(wishes).filter(([, value]) => value !== undefined);
  const read = SampleQuery.safeParse(Object.fromEntries(given));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const at = String(issue?.path[0] ?? '');
  throw new UsageError(`${at === 'campaign' ? 'CAMPAIGN' : `--${at}`}: ${issue?.message}`);
}

const MOST_A_PAGE = 200;

interface Found {
  readonly samples: readonly Sample[];
  /** There are more than were asked for. */
  readonly more: boolean;
}

async function find(project: Api, query: SampleQuery, limit: number): Promise<Found> {
  const all: Sample[] = [];
  for (let after: string | null = ''; after !== null; ) {
    const { campaign, text, application, where } = query;
    const wishes = Object.entries({ campaign, text, application, where, after: after || undefined });
    const asked = new URLSearchParams(
      wishes.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
    asked.set('limit', String(Math.min(MOST_A_PAGE, limit - all.length)));
    const page: SamplePage = await ask(project, { path: `/samples?${asked}`, schema: SamplePage });
    all.push(...page.samples);
    if (all.length >= limit) return { samples: all, more: page.next !== null };
    after = page.next;
  }
  return { samples: all, more: false };
}

function list(terminal: Terminal, { samples: found, more }: Found): void {
  if (found.length === 0) {
    terminal.say('no work unit has kept files of this kind');
    return;
  }
  const rows = found.map((one) => [
    clean(one.campaign),
    String(one.point),
    clean(parameters(one.parameters)),
    count(one.unitsValid),
    one.files.map(({ path, bytes: size }) => `${clean(path)} ${bytes(size)}`).join(', '),
    one.compared ? 'yes' : 'no',
    clean(one.licence),
  ]);
  const header = ['campaign', 'point', 'parameters', 'units', 'each has', 'compared', 'licence'];
  const [head = '', ...lines] = table(header, rows, [
    ...(['left', 'right', 'left', 'right', 'left', 'left', 'left'] as const),
  ]);
  terminal.say(terminal.style('dim', head));
  for (const line of lines) terminal.say(line);
  if (more) terminal.note('there are more; --limit lists more, --where and --text fewer');
}

async function take(input: Input, output: string): Promise<number> {
  for (const option of ['text', 'application', 'where', 'limit'])
    if (input.text(option) !== undefined)
      throw new UsageError(`--${option} is for the list; leave --output out to see it`);
  const { of, name, file } = await wanted(input);
  const query = new URLSearchParams({ ...of.query, file, gzip: String(output.endsWith('.gz')) });
  const size = await download(await findProject(input), `${of.path}?${query}`, output, input.stopping);
  input.terminal.document({ output, bytes: size, of: name, file });
  if (!input.terminal.json)
    input.terminal.note(`wrote ${file} of ${clean(name)} to ${output}, ${bytes(size)}`);
  return 0;
}

interface Wanted {
  readonly of: { readonly path: string; readonly query: Readonly<Record<string, string>> };
  readonly name: string;
  readonly file: string;
}

async function wanted(input: Input): Promise<Wanted> {
  const [campaign] = input.positionals;
  const [unit, point, file] = ['unit', 'point', 'file'].map((option) => input.text(option));
  if (unit !== undefined) {
    if (campaign !== undefined || point !== undefined)
      throw new UsageError('--unit is of one campaign and point already; leave them out');
    if (file === undefined) throw new UsageError('--unit needs --file PATH, as events.hepmc');
    const path = `/results/${encodeURIComponent(unit)}/sample`;
    return { of: { path, query: {} }, name: unit, file };
  }
  if (campaign === undefined || point === undefined)
    throw new UsageError('--output needs CAMPAIGN and --point N, or --unit ID');
  const index = parseWhole('point', point, 0, 1_000_000_000);
  return {
    of: {
      path: `/campaigns/${encodeURIComponent(campaign)}/sample`,
      query: { point: String(index) },
    },
    name: `${campaign}, point ${index}`,
    file: file ?? (await eventFile(input, campaign, index)),
  };
}

/** @throws RefusedError where there is none, or more than one */
async function eventFile(input: Input, campaign: string, index: number): Promise<string> {
  const { samples: found } = await find(await findProject(input), queryOf(input), 100_000);
  const files = found.find(({ point }) => point === index)?.files.map(({ path }) => path) ?? [];
  const [one, other] = files.filter((path) => path.endsWith('.hepmc'));
  if (one !== undefined && other === undefined) return one;
  const has = files.length === 0 ? 'has kept no files' : `has kept ${files.map(clean).join(', ')}`;
  throw new RefusedError(`point ${index} of "${clean(campaign)}" ${has}; say which with --file`);
}
