import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildEvgen } from '../physics/evgen/build.ts';
import { Tune } from '../physics/tune/document.ts';
import { campaignOf } from '../physics/tune/tune.ts';
import { BLOCKS } from '../protocol/work-unit.ts';
import { Host } from '../server/testkit/client.ts';
import { evgenLines } from '../server/testkit/evgen.ts';
import { testServer } from '../server/testkit/server.ts';
import type { Input } from './command.ts';
import { tune } from './commands/tune.ts';
import { NotRunningError, RefusedError } from './errors.ts';
import { makeTerminal } from './terminal.ts';
import { makeHome } from './testkit/run.ts';
import { localCompute } from './tune/local.ts';
import { readRequest } from './tune/request.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

const request = `kind: tune
name: tiny
title: A tiny tune
release: ${ROOT}/physics/evgen/release.yaml
figures: ${ROOT}/physics/reference/figures.json
parameters: { energyGeV: 91.2, processes: [d, u, s], stages: [corrections, shower, hadronisation, decays] }
ranges:
  alphaS: [0.1, 0.14]
  lundB: [0.6, 1.2]
order: 2
samples: 9
events: 200
checkEvents: 200
eventsPerUnit: 200
blockEvents: 100
validation: { quorum: 1 }
fit:
  thrust-charged-delphi-1996: 1
  multiplicity-91: 2
heldOut: [c-charged-delphi-1996]
`;

/** Real events, few of them: here and by a volunteer of a real project. */
describe('beamtime tune', () => {
  let home: Awaited<ReturnType<typeof makeHome>>;
  let local: Tune;
  const at = (name: string) => join(home.folder, name);

  beforeAll(async () => {
    await buildEvgen();
    home = await makeHome();
    await writeFile(at('tiny.yaml'), request);
  });
  afterAll(() => home.remove());

  it('--local fits two parameters to what it generates itself', async () => {
    const ran = await home.run('tune', 'tiny.yaml', '--local', '--output', 'tiny.json');
    expect(ran, ran.err).toMatchObject({ code: 0 });
    expect(ran.err).toContain('9 of 9 points');
    expect(ran.out).toMatch(/alphaS +0\.12116 +0\.1\d+ +0\.0\d+/);
    expect(ran.out).toMatch(/c-charged-delphi-1996 \(held out\)/);
    local = Tune.parse(JSON.parse(await readFile(at('tiny.json'), 'utf8')));
    expect(local.provenance.samples).toHaveLength(9);
    // Few events, but alpha_s moves everything: the fit knows it better than its range.
    expect(local.errors.alphaS).toBeLessThan(0.01);
    expect(local.fitted.tuned.bins).toBe(21);
  });

  it('again finds the same, from the samples that were kept; a damaged one is computed again', async () => {
    const folder = at('data/project/tune-samples');
    const kept = await readdir(folder);
    expect(kept).toHaveLength(11);
    await writeFile(join(folder, kept[0] ?? ''), '{"events": 200, "histo');
    const said: unknown[] = [];
    const again = input(at('tiny.yaml'), 'local');
    await tune.run({ ...again, terminal: { ...again.terminal, document: (value) => said.push(value) } });
    expect(said).toEqual([local]);
    expect(JSON.parse(await readFile(join(folder, kept[0] ?? ''), 'utf8'))).toHaveProperty('histograms');
  });

  it('pushes campaigns and finds the very same from what volunteers computed', async () => {
    const server = await testServer();
    try {
      const { url, staffToken } = server;
      const host = await Host.register(url);
      let ended = false;
      const ran = home.run('tune', 'tiny.yaml', '--url', url, '--token', staffToken, '--json');
      const done = ran.finally(() => {
        ended = true;
      });
      while (!ended) {
        const { leases } = await host.leases(4);
        for (const lease of leases)
          await host.finish(lease, { [BLOCKS]: `${(await evgenLines(lease.card)).join('\n')}\n` });
        if (leases.length === 0) await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const { code, out, err } = await done;
      expect(code, err).toBe(0);
      expect(err).toContain('campaign tiny-samples: 9 of 9 work units');
      expect(err).toContain('campaign tiny-check: 2 of 2 work units');
      expect(JSON.parse(out)).toEqual(local);
    } finally {
      await server.remove();
    }
  });

  it('computes the same in WebAssembly, where no native program runs', async () => {
    const read = await readRequest(at('tiny.yaml'));
    const { 'wasm32-wasi': wasm = '' } = read.programFiles;
    const compute = localCompute(
      { ...read, programFiles: { 'wasm32-wasi': wasm } },
      { cores: 1, folder: at('wasm'), stopping: new AbortController().signal, onProgress: () => {} },
    );
    const [first] = local.provenance.samples;
    const [sample] = await compute(campaignOf(read, 'samples', [{ ...first?.parameters }], first?.seed ?? 0));
    expect(read.hash(sample?.histograms)).toBe(first?.histograms);
  });

  it.each([
    [/alphaS:/, 'alphaSS:', /bad\.yaml:8: the release has no parameter "alphaSS"/],
    [/0\.14\]/, '0.04]', /bad\.yaml:8: ranges\.alphaS: the lower value comes first/],
    [/samples: 9/, 'samples: 5', /has 6 coefficients; 5 samples are too few/],
    [/0\.14\]/, '0.9]', /alphaS: must be <= 0\.16/],
    [/heldOut: .*/, 'heldOut: [c-nothing]', /bad\.yaml:20: there is no measurement "c-nothing"/],
    [/release: .*/, 'release: nothing.yaml', /nothing\.yaml: there is no such file/],
    [/order: 2/, 'order: 4', /bad\.yaml:10: order/],
    [/91\.2,/, '34.8,', /was measured at 91\.2 GeV/],
    [/kind: tune/, 'kind: tuna', /bad\.yaml:1: kind/],
  ])('%s as %s is refused, with the place', async (from, to, message) => {
    await writeFile(at('bad.yaml'), request.replace(from, to));
    const refused = tune.run(input(at('bad.yaml'), 'local'));
    await expect(refused).rejects.toThrow(RefusedError);
    await expect(refused).rejects.toThrow(message);
  });

  it('needs a project, or --local', async () => {
    await expect(tune.run(input(at('tiny.yaml')))).rejects.toThrow(NotRunningError);
    await expect(tune.run(input(at('tiny.yaml'), 'cores'))).rejects.toThrow('--cores goes with --local');
  });

  it('ends on Ctrl-C, and says how to go on', async () => {
    await writeFile(at('long.yaml'), request.replace('\nevents: 200', '\nevents: 2000000'));
    const stopping = AbortSignal.timeout(300);
    const running = tune.run({ ...input(at('long.yaml'), 'local'), stopping });
    await expect(running).rejects.toThrow('the same command goes on');
  });

  /** The command in this process: a process each would cost more than all else here. */
  function input(file: string, ...given: string[]): Input {
    return {
      positionals: [file],
      terminal: makeTerminal({ write: () => {} }, { write: () => {} }, { json: false, env: {} }),
      env: { BEAMTIME_DATA: at('data') },
      stopping: new AbortController().signal,
      text: (option) => (given.includes(option) ? '1' : undefined),
      flag: (option) => given.includes(option),
    };
  }
});
