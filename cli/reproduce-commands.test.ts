import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { Checker, ROCrate } from 'ro-crate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSigned } from '../engine/project/signatures.ts';
import { CampaignSpec } from '../protocol/campaign.ts';
import { type Lease, ProjectInfo } from '../protocol/project-api.ts';
import { Release } from '../protocol/release.ts';
import { Block, type Card } from '../protocol/work-unit.ts';
import { serverFiles } from '../server/files.ts';
import { openPglite } from '../server/store/pglite.ts';
import { type Files, Host, Staff } from '../server/testkit/client.ts';
import { evgenProgram, evgenRelease } from '../server/testkit/evgen.ts';
import { type TestServer, testServer } from '../server/testkit/server.ts';
import { reproduce as reproduceCommand } from './commands/reproduce.ts';
import { results as resultsCommand } from './commands/results.ts';
import { runHere } from './testkit/here.ts';
import { makeHome } from './testkit/run.ts';

/** A real project with the generator; hosts that give what its native program makes of their cards, and one that lies. */
const NATIVE = join(dirname(dirname(fileURLToPath(import.meta.url))), 'build/evgen/evgen-native');
const { application, version } = evgenRelease();

let server: TestServer;
let staff: Staff;
let home: Awaited<ReturnType<typeof makeHome>>;
/** Of the honest campaign, in the order they were given out. */
let leases: readonly Lease[];
let liesAbout: Lease;

beforeAll(async () => {
  expect(existsSync(NATIVE), 'the native generator is built').toBe(true);
  home = await makeHome();
  server = await testServer();
  staff = new Staff(server.url, server.staffToken);
  await staff.publish(evgenRelease(), { 'wasm32-wasi': evgenProgram() });
  const spec = {
    ...{ kind: 'campaign' as const, title: 'Two energies', application, version, validation: { quorum: 1 } },
    // Leading order: milliseconds a unit.
    parameters: { stages: [], hepmcEvents: 1 },
    ...{ sweep: { energyGeV: [91.19, 93] }, events: 4500, eventsPerUnit: 2000, blockEvents: 500, seed: 7 },
  };
  await staff.push({ ...spec, name: 'honest' });
  const [one, other] = [await Host.register(server.url), await Host.register(server.url)];
  const given = [...(await one.leases(3)).leases, ...(await other.leases(3)).leases];
  for (const lease of given.slice(0, 3)) await one.finish(lease, await outputOf(lease.card));
  for (const lease of given.slice(3)) await other.finish(lease, await outputOf(lease.card));
  leases = given;
  await staff.push({ ...spec, name: 'lied-to', seed: 70, sweep: { energyGeV: [91.19] } });
  const lied = (await one.leases(3)).leases;
  for (const lease of lied.slice(0, 2)) await one.finish(lease, await outputOf(lease.card));
  const last = lied[2];
  if (!last) throw new Error('no third unit');
  liesAbout = last;
  await one.finish(last, withOneEntryMore(await outputOf(last.card)));
});
afterAll(async () => {
  await server?.remove();
  await home?.remove();
});

async function outputOf(card: Card): Promise<Files> {
  const folder = await mkdtemp(join(tmpdir(), 'beamtime-unit-'));
  try {
    await mkdir(join(folder, 'out'));
    await writeFile(join(folder, 'card.json'), JSON.stringify(card));
    await promisify(execFile)(NATIVE, [], { cwd: folder });
    const names = await readdir(join(folder, 'out'));
    const files = await Promise.all(
      names.map(async (name) => [name, await readFile(join(folder, 'out', name))] as const),
    );
    return Object.fromEntries(files);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A bias in one bin of the last block, as a careful liar would give. */
function withOneEntryMore(files: Files): Files {
  const lines = String(files['blocks.jsonl']).trimEnd().split('\n');
  const block = Block.parse(JSON.parse(lines.pop() ?? ''));
  const counts = block.histograms.cosThetaMu ?? [];
  counts[4] = (counts[4] ?? 0) + 1;
  return { ...files, 'blocks.jsonl': [...lines, JSON.stringify(block), ''].join('\n') };
}

const reproduce = (...args: string[]) => runHere(reproduceCommand, {}, ...args, '--url', server.url);
const results = (...args: string[]) => runHere(resultsCommand, {}, ...args, '--url', server.url);
const json = async (...args: string[]) => {
  const ran = await reproduce(...args, '--json');
  return { ...ran, document: JSON.parse(ran.out) };
};
const repository = async () => (await staff.ask(ProjectInfo, 'GET', '/project')).software?.repository ?? '';
const idOf = (index: number) => leases[index]?.unitId ?? '';

describe('a result', () => {
  test('is computed again to the bit, whatever computed it, by its unit and by its lease', async () => {
    const { code, document } = await json(idOf(0));
    expect(code).toBe(0);
    expect(document).toMatchObject({
      ...{ identical: true, campaign: 'honest', point: 0 },
      project: { keysFrom: 'project' },
      release: { application, version, tag: `${application}-${version}` },
      units: [{ unit: idOf(0), differing: [], failed: null }],
    });
    expect(document.held).toMatchObject([{ lease: leases[0]?.id, outputHash: document.units[0].outputHash }]);
    const byLease = await reproduce(leases[5]?.id ?? '');
    expect(byLease).toMatchObject({
      code: 0,
      out: expect.stringMatching(/, events 4000-4499 of seed 8: identical\n/),
    });
  });

  test('that is a lie is told: the unit, the block, the histogram and the bin', async () => {
    const { code, out } = await reproduce(liesAbout.unitId);
    expect(code).toBe(1);
    expect(out).toContain(`${liesAbout.unitId}, events 4000-4499 of seed 70: DIFFERS`);
    expect(out).toContain('block 1 (line 1 of blocks.jsonl)');
    expect(out).toMatch(/histogram cosThetaMu, bin 4 \[.*\): held (\d+), computed (\d+)\n/);
    expect(out).not.toMatch(/summary\.json: held/);
  });

  test.each([
    [['u9999'], 4, 'there is no result "u9999"'],
    [['nothing'], 4, 'there is no campaign "nothing"'],
    [['u1', '--point', '0'], 2, '--point goes with a campaign'],
    [['honest', '--point', '2'], 4, 'has no point 2; it has 2'],
    [['honest', '--histogram', 'nope'], 4, 'has no histogram "nope"'],
    [['honest', '--units', '1', '--fraction', '0.5'], 2, 'two things'],
    [['honest', '--fraction', '0'], 2, 'above 0 and up to 1'],
  ])('%j ends with %d and says why', async (args, code, words) => {
    expect(await reproduce(...args)).toMatchObject({ code, err: expect.stringContaining(words), out: '' });
  });
});

describe('merged histograms', () => {
  test('are computed again: every unit, and their sum, by the keys of the invitation', async () => {
    const { code, document, err } = await json('honest', '--invitation', server.invitation);
    expect(code).toBe(0);
    expect(document).toMatchObject({ identical: true, project: { keysFrom: 'invitation' }, notChecked: [] });
    for (const point of document.points)
      expect(point).toMatchObject({
        ...{ unitsMerged: 3, eventsMerged: 4500, eventsComputed: 4500 },
        ...{ sum: 'computed', differences: [], gap: null },
      });
    expect(err).toContain('point 1: 3 of 3 work units');
  });

  test('in part: so many units, and it is said what was not checked', async () => {
    const { code, document } = await json('honest', '--point', '1', '--units', '2');
    expect(code).toBe(0);
    expect(document.points).toMatchObject([{ point: 1, sum: 'none' }]);
    expect(document.points[0].units).toHaveLength(2);
    expect(document.notChecked).toEqual([
      expect.stringContaining('1 merged units'),
      expect.stringContaining('whether what is merged is the sum of its units'),
    ]);
  });

  test('in part, with all outputs that the project holds added up', async () => {
    const { code, document } = await json('honest', '--point', '1', '--fraction', '0.1', '--add-up');
    expect(code).toBe(0);
    expect(document.points).toMatchObject([{ sum: 'held', unitsLost: 0, differences: [] }]);
    expect(document.points[0].units).toHaveLength(1);
    expect(document.notChecked.join()).toContain('whether the outputs that were added up are right');
  });

  test('with a lie in them: named, and what it did to the sum', async () => {
    const { code, document } = await json('lied-to');
    expect(code).toBe(1);
    const [point] = document.points;
    const differing = point.units.filter((unit: { differing: unknown[] }) => unit.differing.length > 0);
    expect(differing).toMatchObject([{ unit: liesAbout.unitId }]);
    const [difference] = point.differences;
    expect(point.differences).toHaveLength(1);
    expect(difference).toMatchObject({ histogram: 'cosThetaMu', bin: 4 });
    expect(difference.held - difference.computed).toBe(1);
  });

  test('are not believed of a project with another key', async () => {
    const other = server.invitation.replace(/software=..../, 'software=0000');
    const refused = await reproduce('honest', '--invitation', other);
    expect(refused).toMatchObject({ code: 4, err: expect.stringContaining('master key of the software') });
    const old = await reproduce('honest', '--invitation', server.invitation.replace(/&software=.*/, ''));
    expect(old).toMatchObject({ code: 2, err: expect.stringContaining('ask for a new one') });
  });
});

describe('where they come from', () => {
  test('is listed: release, units, hosts by pseudonyms', async () => {
    const { out } = await results('honest', '--provenance');
    expect(out).toContain(`tag ${application}-${version} of software-`);
    expect(out).toMatch(/point 1 \(.*energyGeV 93.*\): 3 units and 4,500 events merged/);
    expect(out.match(/ host-[0-9a-f]{16} /g)).toHaveLength(6);
    const listed = await results('honest', '--provenance', '--json');
    const { units, points } = JSON.parse(listed.out);
    expect(units.map(({ unit }: { unit: string }) => unit).sort()).toEqual(
      leases.map(({ unitId }) => unitId).sort(),
    );
    expect(points).toMatchObject([{ unitsValid: 3 }, { unitsValid: 3 }]);
  });
});

describe('an RO-Crate', () => {
  const crate = (place: string, ...args: string[]) =>
    results('honest', '--ro-crate', join(home.folder, place), ...args);
  const read = (path: string) => readFile(join(home.folder, 'crate', path), 'utf8');

  test('is what the specification asks for, and holds what it says', async () => {
    expect(await crate('crate', '--licence', 'CC-BY-4.0')).toMatchObject({ code: 0, out: '' });
    const metadata = JSON.parse(await read('ro-crate-metadata.json'));
    const checker = new Checker(new ROCrate(metadata, { array: true, link: true }));
    const { validator } = checker;
    const names = await readdir(join(home.folder, 'crate'));
    const here = names.filter((name) => name !== 'ro-crate-metadata.json');
    validator.checkFiles(Object.fromEntries(here.map((name) => [name, { exists: true }])), checker.crate);
    expect(validator.results.filter(({ status }: { status: string }) => status !== 'success')).toEqual([]);
    const checks = ['hasRootDataset', 'hasRootDatasetWithProperID', 'hasName', 'hasDescription'] as const;
    for (const check of [...checks, 'hasLicense', 'hasDatePublished'] as const)
      expect(checker[check]()).toMatchObject({ status: true });
    expect(here).toHaveLength(8);
    // Nobody may overwrite it.
    expect(await crate('crate')).toMatchObject({ code: 2, err: expect.stringContaining('is there already') });
  });

  test('has documents that can be used, and signatures that hold', async () => {
    const { publicKey } = ProjectInfo.parse(JSON.parse(await read('project.json')));
    const signed = { body: await read('release.json'), signature: (await read('release.json.sig')).trim() };
    expect(openSigned(signed, publicKey, Release, 'it')).toMatchObject({ application, version });
    expect(CampaignSpec.parse(JSON.parse(await read('campaign.json')))).toMatchObject({
      name: 'honest',
      seed: 7,
    });
    const yoda = await results('honest', '--format', 'yoda');
    expect(await read('histograms.yoda')).toBe(yoda.out);
    expect((await read('provenance.jsonl')).trimEnd().split('\n')).toHaveLength(6);
  });

  test('says a command that reproduces it', async () => {
    const [, invitation = ''] =
      /beamtime reproduce honest --invitation '(.*)'/.exec(await read('REPRODUCE.md')) ?? [];
    const ran = await home.run('reproduce', 'honest', '--point', '0', '--invitation', invitation);
    expect(ran).toMatchObject({
      code: 0,
      out: expect.stringMatching(/as the invitation says[\s\S]*\nidentical\n$/),
    });
  });

  test('can be a zip file, with the same files', async () => {
    expect(await crate('crate.zip')).toMatchObject({ code: 0 });
    const zipped = unzipSync(await readFile(join(home.folder, 'crate.zip')));
    expect(Object.keys(zipped).sort()).toEqual((await readdir(join(home.folder, 'crate'))).sort());
    for (const [name, bytes] of Object.entries(zipped))
      if (name !== 'ro-crate-metadata.json')
        expect(Buffer.from(bytes).toString('utf8')).toBe(await read(name));
    expect(Buffer.from(zipped['ro-crate-metadata.json'] ?? []).toString()).toContain('No licence stated');
    expect((await readdir(home.folder)).filter((name) => name.includes('.new'))).toEqual([]);
  });
});

describe('a project whose store was tampered with', () => {
  test('a program that was changed in the repository is refused, and nothing is run', async () => {
    const data = join(serverFiles(server.folder).repositories, await repository(), 'data');
    const parts = (await readdir(data, { recursive: true, withFileTypes: true })).filter((one) =>
      one.isFile(),
    );
    const objects = await Promise.all(
      parts.map(async (one) => {
        const path = join(one.parentPath, one.name);
        return { path, bytes: await readFile(path) };
      }),
    );
    const [program] = objects.sort((a, b) => b.bytes.length - a.bytes.length);
    if (!program) throw new Error('the repository is empty');
    const changed = Buffer.from(program.bytes);
    changed[changed.length >> 1] = (changed[changed.length >> 1] ?? 0) ^ 1;
    await writeFile(program.path, changed);
    const refused = await reproduce(idOf(0));
    await writeFile(program.path, program.bytes);
    expect(refused).toMatchObject({
      code: 4,
      out: '',
      err: expect.stringContaining('is refused: the object'),
    });
    expect((await reproduce(idOf(0))).code).toBe(0);
  });

  test('a merged count that was changed by hand is found and named', async () => {
    await server.stop();
    const db = await openPglite(serverFiles(server.folder).database);
    const [point] = await db.transaction((tx) =>
      tx.query<{ counts: number[] }>(
        `UPDATE point SET counts[3] = counts[3] + 5 WHERE index = 1
         AND campaign_id = (SELECT id FROM campaign WHERE name = 'honest') RETURNING counts`,
      ),
    );
    await db.close();
    await server.restart();
    const { code, out } = await reproduce('honest');
    expect(code).toBe(1);
    const [first] = (await staff.campaign('honest')).axes;
    expect(out).toMatch(/their sum is what is merged, bit by bit\n/);
    expect(out).toContain('point 1 ');
    expect(out).toContain('3 of 3 merged units, 4,500 events computed again: 3 identical to what hosts gave');
    expect(out).toContain('the merged numbers were changed after they were added up');
    const held = point?.counts[2] ?? 0;
    const found = new RegExp(`histogram ${first?.name}, bin 2 .*: merged ${held}, computed ${held - 5}\n`);
    expect(out).toMatch(found);
    expect(out).toMatch(/\nDIFFERS\n$/);
    expect((await reproduce('honest', '--point', '1', '--histogram', first?.name ?? '')).code).toBe(1);
    expect((await reproduce('honest', '--point', '1', '--histogram', 'cosThetaMu')).code).toBe(0);
    const added = await reproduce('honest', '--point', '1', '--units', '1', '--add-up');
    expect(added).toMatchObject({ code: 1, out: expect.stringMatching(found) });
  });
});
