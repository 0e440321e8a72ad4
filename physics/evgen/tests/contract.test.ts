import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { LiveEvent, parseProgress } from '../../../protocol/work-unit.ts';
import { BUILDS, blocksOf, card, runEvgen } from './evgen.testkit.ts';
import { correlationDeviation } from './statistics.testkit.ts';

const lines = (text: string | undefined) => (text ?? '').trimEnd().split('\n');

describe('out/blocks.jsonl', () => {
  const parameters = { energyGeV: 91.19, hepmcEvents: 3 };
  const whole = card(parameters, { seed: 42, firstEvent: 3000, events: 10_500, blockEvents: 1000 });

  it('has a line for each block, the last one shorter, whose counts add up', async () => {
    const blocks = blocksOf(await runEvgen(whole));
    expect(blocks.map((block) => block.firstEvent)).toEqual(
      [...Array(11).keys()].map((i) => 3000 + 1000 * i),
    );
    expect(blocks.map((block) => block.events)).toEqual([...Array(10).fill(1000), 500]);
    for (const { events, crossSection, histograms } of blocks) {
      expect(crossSection.accepted).toBe(events);
      expect(crossSection.attempted).toBeGreaterThanOrEqual(events);
      const filled = Object.values(histograms).flat();
      expect(filled.reduce((sum, n) => sum + n, 0)).toBe(4 * events);
    }
  });

  it('is written in the way the schema states: keys in order, no spaces', async () => {
    const run = await runEvgen(whole);
    for (const line of lines(run.out.get('blocks.jsonl')?.toString())) {
      const { firstEvent, events, crossSection, histograms } = JSON.parse(line);
      const { maximumPb, attempted, accepted } = crossSection;
      const again = JSON.stringify({
        firstEvent,
        events,
        crossSection: { maximumPb, attempted, accepted },
        histograms,
      });
      // Only digits of maximumPb may differ: 17 significant ones against JavaScript's shortest.
      const sameNumber = line.replace(/"maximumPb":[^,]+/, `"maximumPb":${maximumPb}`);
      expect(sameNumber).toBe(again);
    }
  });

  it('a block computed alone gives the same line', async () => {
    const expected = lines((await runEvgen(whole)).out.get('blocks.jsonl')?.toString());
    for (const [i, line] of expected.entries()) {
      const events = i === 10 ? 500 : 1000;
      const alone = await runEvgen({ ...whole, firstEvent: 3000 + 1000 * i, events });
      expect(lines(alone.out.get('blocks.jsonl')?.toString())).toEqual([line]);
    }
  });

  it('does not depend on what else the card asks for', async () => {
    const first = await runEvgen(whole);
    const second = await runEvgen({ ...whole, parameters: { energyGeV: 91.19, stages: [] } });
    expect(second.out.get('blocks.jsonl')).toEqual(first.out.get('blocks.jsonl'));
    expect(second.out.has('events.hepmc')).toBe(false);
  });

  it('another seed, also one that differs beyond 32 bits, gives other events', async () => {
    const seen = new Set<string>();
    for (const seed of [0, 1, 2, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]) {
      seen.add((await runEvgen(card({ energyGeV: 91.19 }, { seed }))).hash);
    }
    expect(seen.size).toBe(6);
  });
});

describe('random numbers of neighbouring seeds and events', () => {
  /** Of the first particle of each event kept. */
  async function angles(seed: number, firstEvent = 0): Promise<{ cosine: number[]; px: number[] }> {
    const parameters = { energyGeV: 91.19, processes: ['mu'], hepmcEvents: 10_000 };
    const rest = { seed, firstEvent, events: 10_000, blockEvents: 10_000 };
    const run = await runEvgen(card(parameters, rest));
    const momenta = [...String(run.out.get('events.hepmc')).matchAll(/^P 4 3 13 (\S+) \S+ (\S+) (\S+)/gm)];
    expect(momenta.length).toBe(10_000);
    return {
      cosine: momenta.map(([, , z, e]) => Number(z) / Number(e)),
      px: momenta.map(([, x, , e]) => Number(x) / Number(e)),
    };
  }

  it('are not correlated', async () => {
    const one = await angles(1);
    for (const other of [await angles(2), await angles(2 ** 32 + 1), await angles(1, 10_000)]) {
      expect(Math.abs(correlationDeviation(one.cosine, other.cosine))).toBeLessThan(3);
      expect(Math.abs(correlationDeviation(one.px, other.px))).toBeLessThan(3);
    }
    for (const lag of [1, 2, 3]) {
      const later = one.cosine.slice(lag);
      expect(Math.abs(correlationDeviation(one.cosine.slice(0, later.length), later))).toBeLessThan(3);
    }
    expect(Math.abs(correlationDeviation(one.cosine, one.px))).toBeLessThan(3);
    // The tool sees a correlation where there is one.
    expect(correlationDeviation(one.cosine, one.cosine)).toBeGreaterThan(50);
  });
});

describe('progress, live and summary', () => {
  it('tell of each block', async () => {
    const run = await runEvgen(card({ energyGeV: 35 }, { firstEvent: 500, events: 1200, blockEvents: 500 }));
    expect(run.progress).toBe('500 1200\n1000 1200\n1200 1200\n');
    expect(parseProgress(run.progress)).toEqual({ done: 1200, total: 1200 });
    const live = lines(run.live).map((line) => LiveEvent.parse(JSON.parse(line)));
    expect(live.map((event) => event.event)).toEqual([500, 1000, 1500]);
    for (const { energyGeV, particles } of live) {
      expect(energyGeV).toBe(35);
      expect(particles.map((particle) => particle.pdg).reduce((sum, pdg) => sum + pdg)).toBe(0);
      expect(particles.reduce((sum, particle) => sum + particle.e, 0)).toBeCloseTo(35, 6);
      expect(particles.reduce((sum, particle) => sum + particle.pz, 0)).toBeCloseTo(0, 6);
    }
  });

  it('the summary says what the blocks add up to', async () => {
    const run = await runEvgen(card({ energyGeV: 91.19 }, { events: 50_000, blockEvents: 10_000 }));
    const summary = JSON.parse(String(run.out.get('summary.json')));
    const blocks = blocksOf(run);
    const attempted = blocks.reduce((sum, block) => sum + block.crossSection.attempted, 0);
    const maximumPb = blocks[0]?.crossSection.maximumPb ?? 0;
    expect(summary).toMatchObject({
      events: 50_000,
      attempted,
      maximumPb,
      energyGeV: 91.19,
      seed: 1,
      firstEvent: 0,
    });
    expect(summary.crossSectionPb).toBeCloseTo((maximumPb * 50_000) / attempted, 3);
    const share = 50_000 / attempted;
    expect(summary.errorPb).toBeCloseTo(maximumPb * Math.sqrt((share * (1 - share)) / attempted), 3);
    type Entry = { process: string; pdg: number; events: number; forward: number; backward: number };
    const processes: Entry[] = summary.processes;
    expect(processes.map((entry) => entry.process)).toEqual(['mu', 'tau', 'd', 'u', 's', 'c', 'b']);
    for (const { pdg, events, forward, backward } of processes) {
      expect(events).toBe(blocks.reduce((sum, block) => sum + (block.histograms.pdgCode?.[pdg] ?? 0), 0));
      expect(forward + backward).toBe(events);
    }
  });

  it('an event alone is enough', async () => {
    const run = await runEvgen(
      card({ energyGeV: 91.19, hepmcEvents: 10 }, { firstEvent: 7, events: 1, blockEvents: 1 }),
    );
    expect(blocksOf(run).map((block) => block.events)).toEqual([1]);
    expect(String(run.out.get('events.hepmc')).match(/^E /gm)).toHaveLength(1);
  });
});

describe('release.yaml', () => {
  it.skipIf(!BUILDS.has('native'))('has the ranges and defaults of the program itself', async () => {
    const { stdout } = await promisify(execFile)(BUILDS.get('native') ?? '', ['--describe']);
    type Described = { name: string; low: number; high: number; default: number };
    const described: Described[] = JSON.parse(stdout).parameters;
    expect(described.length).toBeGreaterThan(15);
    const release = parse(await readFile(new URL('../release.yaml', import.meta.url), 'utf8'));
    for (const { name, low, high, default: usual } of described) {
      expect(release.parameters.properties[name], name).toMatchObject({
        ...{ minimum: low, maximum: high, default: usual },
      });
    }
  });
});

describe('a card that is not good is refused with the place, before any event', () => {
  const good = card({ energyGeV: 91.19 });
  const parameters = (more: Record<string, unknown>) =>
    JSON.stringify({ ...good, parameters: { energyGeV: 91.19, ...more } });
  const cases: [string, string, RegExp][] = [
    ['empty', '', /card\.json:1:1: the text ends/],
    ['not JSON', '{"seed": 1,\n "events" 5}', /card\.json:2:11: expected ":"/],
    ['cut', JSON.stringify(good).slice(0, 40), /card\.json:1:41: /],
    ['more after it', `${JSON.stringify(good)} {}`, /there is text after the document/],
    ['a list', '[]', /a card must be a JSON object/],
    ['a name twice', '{"seed":1,"seed":2}', /card\.json:1:11: this name occurs twice/],
    ['something missing', JSON.stringify({ ...good, seed: undefined }), /"seed" is missing/],
    ['an unknown name', JSON.stringify({ ...good, extra: 1 }), /unknown name "extra"/],
    [
      'an unknown name that could upset a terminal',
      JSON.stringify({ ...good, '\u001b[2J\n': 1 }),
      /unknown name "\?\[2J\?"/,
    ],
    [
      'a negative seed',
      JSON.stringify({ ...good, seed: -1 }),
      /seed must be a whole number from 0 to 9007199254740991/,
    ],
    ['a fraction', JSON.stringify({ ...good, events: 1.5 }), /events must be a whole number from 1/],
    ['a number that is too large', JSON.stringify({ ...good, seed: 2 ** 53 }), /seed must be/],
    ['an infinite number', JSON.stringify(good).replace('91.19', '1e999'), /too large for double precision/],
    ['NaN', JSON.stringify(good).replace('91.19', 'NaN'), /expected a value/],
    ['no events', JSON.stringify({ ...good, events: 0 }), /events must be a whole number from 1/],
    [
      'a first event within a block',
      JSON.stringify({ ...good, firstEvent: 5 }),
      /firstEvent must be a multiple of blockEvents/,
    ],
    [
      'too many events',
      JSON.stringify({ ...good, firstEvent: 9e15, events: 1e14 }),
      /firstEvent \+ events must not exceed/,
    ],
    [
      'parameters of the wrong kind',
      JSON.stringify({ ...good, parameters: [] }),
      /parameters must be an object/,
    ],
    ['no energy', JSON.stringify({ ...good, parameters: {} }), /"energyGeV" is missing/],
    [
      'an energy out of range',
      parameters({ energyGeV: 4.9 }),
      /energyGeV must be a number from 5 to 250 GeV/,
    ],
    ['an energy as text', parameters({ energyGeV: '91' }), /energyGeV must be a number/],
    ['an unknown parameter', parameters({ energy: 5 }), /unknown name "energy" in parameters/],
    [
      'an unknown process',
      parameters({ processes: ['mu', 't'] }),
      /processes must be a list of different names out of mu/,
    ],
    [
      'fewer strange quarks than none',
      parameters({ strangePerUp: 0.05, strangeVariation: 0.05 }),
      /strangeVariation must be less than strangePerUp, 0\.05/,
    ],
    [
      'fewer diquarks than none',
      parameters({ diquarkPerQuark: 0.01, diquarkVariation: 0.02 }),
      /diquarkVariation must be less than diquarkPerQuark, 0\.01/,
    ],
    ['a process twice', parameters({ processes: ['mu', 'mu'] }), /processes must be/],
    ['no process', parameters({ processes: [] }), /processes must be/],
    [
      'an unknown stage',
      parameters({ stages: ['shower', 'rain'] }),
      /stages must be a list of different names out of corrections, isr, shower, hadronisation, decays/,
    ],
    [
      'too many events kept',
      parameters({ hepmcEvents: 10_001 }),
      /hepmcEvents must be a whole number from 0 to 10000/,
    ],
    ['a width of nothing', parameters({ gammaZGeV: 0 }), /gammaZGeV must be a number from 0\.5 to 10 GeV/],
    ['nested too deeply', `${'['.repeat(100)}${']'.repeat(100)}`, /nested too deeply/],
    ['larger than any card', `${JSON.stringify(good)}${' '.repeat(70_000)}`, /longer than 65536 bytes/],
  ];
  it.each(cases)('%s', async (_, text, message) => {
    const run = await runEvgen(text);
    expect(run.exitStatus).toBe(2);
    expect(run.console).toMatch(message);
    expect(run.console).toMatch(/^evgen: card\.json[^\n]*\n$/);
    expect(run.out.size).toBe(0);
  });
});

describe.skipIf(!BUILDS.has('native') || process.platform !== 'linux')(
  'a file that cannot be written ends the program',
  () => {
    async function runWith(
      prepare: (folder: string) => Promise<void>,
    ): Promise<{ status: number; stderr: string }> {
      const folder = await mkdtemp(join(tmpdir(), 'evgen-full-'));
      try {
        await mkdir(join(folder, 'out'));
        const unit = card({ energyGeV: 91.19, hepmcEvents: 1000 }, { events: 10_000, blockEvents: 1000 });
        await writeFile(join(folder, 'card.json'), JSON.stringify(unit));
        await prepare(folder);
        return await new Promise((resolve) => {
          execFile(BUILDS.get('native') ?? '', { cwd: folder }, (error, _, stderr) => {
            resolve({ status: typeof error?.code === 'number' ? error.code : 0, stderr });
          });
        });
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }

    it.each(['out/blocks.jsonl', 'out/events.hepmc', 'out/summary.json', 'progress', 'live'])(
      '%s on a full disk',
      async (path) => {
        const { status, stderr } = await runWith((folder) => symlink('/dev/full', join(folder, path)));
        expect(status).toBe(1);
        expect(stderr).toBe(`evgen: cannot write ${path}: No space left on device\n`);
      },
    );

    it('a folder in the way', async () => {
      const { status, stderr } = await runWith(async (folder) => {
        await mkdir(join(folder, 'out', 'blocks.jsonl'));
      });
      expect(status).toBe(1);
      expect(stderr).toBe('evgen: cannot create out/blocks.jsonl: Is a directory\n');
    });

    it('no card', async () => {
      const { status, stderr } = await runWith((folder) => rm(join(folder, 'card.json')));
      expect(status).toBe(1);
      expect(stderr).toBe('evgen: cannot open card.json: No such file or directory\n');
    });

    it('out/ is made where it is missing, and a second run in the same folder leaves the same files', async () => {
      const files: string[] = [];
      const { status } = await runWith(async (folder) => {
        await rm(join(folder, 'out'), { recursive: true });
        await new Promise<void>((resolve, reject) => {
          execFile(BUILDS.get('native') ?? '', { cwd: folder }, (error) =>
            error ? reject(error) : resolve(),
          );
        });
        files.push(await readFile(join(folder, 'out', 'blocks.jsonl'), 'utf8'));
        await writeFile(join(folder, 'out', 'blocks.jsonl'), `${files[0]}left by a run that was killed`);
      });
      expect(status).toBe(0);
      expect(files[0]).toMatch(/^\{"firstEvent":0,/);
    });
  },
);
