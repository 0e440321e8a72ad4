import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EVGEN_VERSION } from '../engine/testkit/real-project.ts';
import { makeHome } from './testkit/run.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Commands of project staff, against a real project server that "beamtime server" runs. */
describe('a project server', () => {
  let home: Awaited<ReturnType<typeof makeHome>>;
  let server: Awaited<ReturnType<typeof home.stay>>;
  let url = '';

  beforeAll(async () => {
    home = await makeHome();
    server = await home.stay(['server', '--name', 'Test project', '--json'], /^\{/);
    url = JSON.parse(server.line).url;
    const release = (await readFile(join(ROOT, 'physics/evgen/release.yaml'), 'utf8'))
      .replace(/x86_64-linux: .*/, 'x86_64-linux: program')
      .replace(/wasm32-wasi: .*/, 'wasm32-wasi: program.wasm')
      .replaceAll('../reference/data/', `${ROOT}/physics/reference/data/`);
    await writeFile(join(home.folder, 'release.yaml'), release);
    await writeFile(join(home.folder, 'program.wasm'), 'not run here');
    await writeFile(
      join(home.folder, 'campaign.yaml'),
      await readFile(join(ROOT, 'physics/campaigns/quick.yaml')),
    );
  });
  afterAll(async () => {
    const ended = await server?.end();
    expect(ended?.code).toBe(0);
    await home?.remove();
  });

  it('says where it is and how to invite', () => {
    expect(JSON.parse(server.line)).toMatchObject({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      invitation: expect.stringMatching(/^beamtime:\/\/join\?url=.*&key=[0-9a-f]{32}&software=[0-9a-f]{32}$/),
      pid: server.child.pid,
    });
  });

  it('has no campaigns at first', async () => {
    expect(await home.run('campaigns')).toMatchObject({
      code: 0,
      out: expect.stringContaining('no campaigns yet'),
    });
  });

  it('takes a release and its campaign, skipping programs that are not built, and the same again', async () => {
    const first = await home.run('push', 'release.yaml', 'campaign.yaml');
    expect(first).toMatchObject({
      code: 0,
      err: expect.stringMatching(/^release\.yaml:\d+: program does not exist/),
    });
    expect(first.out).toContain(`release evgen ${EVGEN_VERSION}: published, program.wasm uploaded`);
    expect(first.out).toContain('campaign quick: published, 9 work units, 18,000 events, running');

    const again = await home.run('push', 'release.yaml', 'campaign.yaml', '--json');
    expect(again.code).toBe(0);
    const { pushed } = JSON.parse(again.out);
    expect(pushed[0]).toMatchObject({ kind: 'release', name: `evgen ${EVGEN_VERSION}`, uploaded: [] });
    expect(pushed[1].summary).toMatchObject({ name: 'quick', units: 9 });
  });

  it.each([
    ['[]', /^beamtime: .*bad\.json:1: /],
    ['{"id": "UPPER"}', /^beamtime: .*bad\.json:1: id: /],
    [null, /^beamtime: bad\.yaml:\d+: bad\.json does not exist/],
  ])('refuses measured data that are %s, at their line', async (data, message) => {
    const text = await readFile(join(home.folder, 'release.yaml'), 'utf8');
    await writeFile(join(home.folder, 'bad.yaml'), text.replace(/\/.*thrust-aleph-2004\.json/, 'bad.json'));
    if (data !== null) await writeFile(join(home.folder, 'bad.json'), data);
    else await rm(join(home.folder, 'bad.json'));
    const refused = await home.run('push', 'bad.yaml');
    expect(refused.code).toBe(4);
    expect(refused.err.replace(/^bad\.yaml:\d+: program does not exist.*\n/, '')).toMatch(message);
  });

  it('lists what is published, with tags and sizes', async () => {
    const listed = await home.run('software');
    expect(listed.code).toBe(0);
    expect(listed.out).toMatch(/^software-[0-9a-f]{12}\.beamtime\.local at http/);
    expect(listed.out.replaceAll(/ +/g, ' ')).toContain(`evgen ${EVGEN_VERSION} evgen-${EVGEN_VERSION} 2 `);
  });

  it('lists and shows campaigns', async () => {
    expect((await home.run('campaigns')).out).toMatch(/quick +running +0% +0 +18,000 +0\/9/);
    const detail = JSON.parse((await home.run('campaigns', 'quick', '--json')).out);
    expect(detail.points).toHaveLength(3);
    expect(detail.references[0]).toMatchObject({ id: 'thrust-aleph-2004', experiment: 'ALEPH' });
    expect((await home.run('campaigns', 'quick')).out).toContain('energyGeV 89.4');
  });

  it('pauses, resumes, extends and clones campaigns, and cancels the clone', async () => {
    const why = ['--reason', 'the beam energy is looked at again'];
    expect((await home.run('campaigns', 'pause', 'quick', ...why)).out).toBe(
      'campaign quick is paused (the beam energy is looked at again): 0 of 9 work units done, 18,000 events wanted\n',
    );
    expect((await home.run('campaigns')).out).toMatch(
      /quick +paused +0%.*\nquick is paused: the beam energy is looked at again\n$/,
    );
    const resumed = JSON.parse((await home.run('campaigns', 'resume', 'quick', '--json')).out);
    expect(resumed).toMatchObject({ name: 'quick', state: 'running', reason: null });
    const cloned = await home.run(
      'campaigns',
      'clone',
      'quick',
      'copy',
      'events=2000',
      'sweep.energyGeV=[90]',
    );
    expect(cloned.out).toContain('campaign copy is running: 0 of 1 work units done, 2,000 events wanted');
    const extended = await home.run(
      'campaigns',
      'extend',
      'copy',
      '--events',
      '4000',
      '--deadline',
      '2d',
      '--json',
    );
    expect(JSON.parse(extended.out)).toMatchObject({
      units: 2,
      eventsWanted: 4000,
      deadline: expect.stringMatching(/Z$/),
    });
    expect((await home.run('campaigns', 'cancel', 'copy')).out).toContain(
      'campaign copy is cancelled: 0 of 2',
    );
    expect((await home.run('campaigns', 'copy')).out).toMatch(/for staff, priority 0, until 20\d\d-/);
  });

  it('tells what staff did, and that nothing of it was changed', async () => {
    const listed = await home.run('audit');
    expect(listed.out).toMatch(/campaign +id c1, name quick, specSha256 [0-9a-f]{64}/);
    expect(listed.out).toContain('path /api/v1/staff/releases, method PUT');
    const verified = JSON.parse((await home.run('audit', '--verify', '--json')).out);
    expect(verified).toEqual({
      rows: expect.any(Number),
      head: expect.stringMatching(/^[0-9a-f]{64}$/),
      breach: null,
    });
    expect((await home.run('audit', '--verify')).out).toContain(verified.head);
  });

  it('exports results as YODA and as JSON, of one point and to a file', async () => {
    const yoda = await home.run('results', 'quick', '--format', 'yoda', '--point', '1');
    expect(yoda.out.match(/^BEGIN YODA_HISTO1D_V2 \/quick\/p01\//gm)).toHaveLength(76);
    const saved = await home.run('results', 'quick', '--format', 'json', '-o', join(home.folder, 'r.json'));
    expect(saved).toMatchObject({ code: 0, out: '' });
    const exported = JSON.parse(await readFile(join(home.folder, 'r.json'), 'utf8'));
    expect(exported.points.map((point: { crossSectionPb: null }) => point.crossSectionPb)).toEqual([
      null,
      null,
      null,
    ]);
    expect((await home.run('results', 'quick')).out).toContain('Histograms: pdgCode, cosThetaMu');
  });

  it.each([
    [['results', 'nope'], 4, 'there is no campaign "nope"'],
    [['results', 'quick', '--point', '7'], 4, 'has no point 7; it has 3, counted from 0'],
    [['results', 'quick', '--format', 'root'], 2, '--format takes yoda or json'],
    [['push'], 2, 'needs FILE'],
    [['campaigns', 'resume', 'copy'], 4, 'is cancelled, and that is for good; clone it under another name'],
    [['campaigns', 'extend', 'quick'], 2, '--events N, --deadline WHEN, or both'],
    [['campaigns', 'clone', 'quick', 'bad', 'events=lots'], 4, '(events)'],
    [['push', 'nothing.yaml'], 4, 'nothing.yaml: there is no such file'],
    [['campaigns', '--url', 'http://127.0.0.1:1'], 3, 'does not answer'],
    [['campaigns', '--url', 'nonsense'], 2, 'is not an address'],
  ])('%j ends with %d and says why', async (args, code, words) => {
    expect(await home.run(...args)).toMatchObject({ code, err: expect.stringContaining(words), out: '' });
  });

  it.each([
    [/events: 6000/, 'events: lots', /^beamtime: bad\.yaml:11: events: /],
    [/energyGeV: .*/, 'energyGeV: [89.4, 9999]', /^beamtime: bad\.yaml:10: energyGeV: must be <= 250/],
    [/version: .*/, 'version: 9.9.9', /^beamtime: bad\.yaml:6: the project has no release evgen 9\.9\.9/],
    [/title: .*/, 'title: Another', /^beamtime: bad\.yaml:2: there is a campaign "quick" with other content/],
    [/name: .*/, 'name: [', /^beamtime: bad\.yaml:\d+: /],
  ])('refuses a campaign with %s changed, at its line', async (what, by, message) => {
    const text = await readFile(join(home.folder, 'campaign.yaml'), 'utf8');
    await writeFile(join(home.folder, 'bad.yaml'), text.replace(what, by));
    expect(await home.run('push', 'bad.yaml')).toMatchObject({
      code: 4,
      err: expect.stringMatching(message),
    });
  });

  it('refuses a wrong staff token', async () => {
    const ran = await home.run('push', 'campaign.yaml', '--url', url, '--token', 'wrong-wrong-wrong-wrong');
    expect(ran).toMatchObject({ code: 4, err: expect.stringContaining('does not accept the token') });
    expect((await home.run('push', 'campaign.yaml', '--url', url)).err).toContain(
      '--url needs the staff token too',
    );
  });

  it('gives errors as JSON too', async () => {
    const { code, out } = await home.run('results', 'nope', '--json');
    expect(JSON.parse(out)).toEqual({ error: { exitCode: code, message: expect.stringContaining('nope') } });
  });

  it('is where it was after a restart, and its folder is for one server at a time', async () => {
    const second = await home.run('server');
    expect(second).toMatchObject({ code: 1, err: expect.stringContaining('data folder') });
    await server.end();
    server = await home.stay(['server', '--json'], /^\{/);
    expect(JSON.parse(server.line).url).toBe(url);
    expect((await home.run('campaigns')).out).toContain('quick');
  });

  it('is backed up while it runs, restored elsewhere, and backed up there where none runs', async () => {
    const first = join(home.folder, 'first.tar');
    expect(await home.run('server', 'backup', first)).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /first\.tar: [\d,]+ files, [\d,]+ bytes, as of .*It holds the project’s keys/,
      ),
    });
    const elsewhere = join(home.folder, 'elsewhere');
    expect(await home.run('server', 'restore', first, elsewhere)).toMatchObject({
      code: 0,
      out: expect.stringContaining(`Start it with "beamtime server --data ${elsewhere}"`),
    });
    const second = await home.run('server', 'backup', 'second.tar', '--data', elsewhere, '--json');
    expect(JSON.parse(second.out)).toMatchObject({ file: 'second.tar', links: [] });
  });

  it('prints its settings and where each was said', async () => {
    await writeFile(join(home.folder, 'server.yaml'), 'name: Ours\nport: 80\n');
    const printed = await home.run('server', '--config', 'server.yaml', '--port', '81', '--print-config');
    expect(printed.out).toContain('name: "Ours" # server.yaml:1\n');
    expect(printed.out).toContain('port: 81 # --port\n');
  });
});

it('without a server says what to do', async () => {
  const home = await makeHome();
  try {
    for (const args of [['push', 'x.yaml'], ['campaigns'], ['results', 'x']]) {
      const ran = await home.run(...args);
      expect(ran).toMatchObject({ code: 3, err: expect.stringContaining('beamtime server') });
    }
  } finally {
    await home.remove();
  }
});
