import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import {
  CampaignShare,
  DoctorCheck,
  type EngineState,
  JoinPreview,
  LogLine,
  ProjectView,
  UnitsPage,
} from '../protocol/engine-api.ts';
import { ApiError } from '../protocol/project-api.ts';
import { LentProjects } from './testkit/lent-projects.ts';
import { TestEngine } from './testkit/real-engine.ts';
import { type CampaignSize, EVGEN_VERSION, type TestProject } from './testkit/real-project.ts';

/** Several projects, and what clients ask of them: the real engine, real servers, the real generator. */
const PATIENCE = { timeout: 240_000 };
const lent = new LentProjects();
const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

async function project(size: CampaignSize): Promise<TestProject & { readonly key: string }> {
  const started = await lent.take(size);
  undo.push(() => lent.giveBack(started));
  const key = new URL(started.server.invitation).searchParams.get('key') ?? '';
  return Object.assign(started, { key });
}

async function engine(options: Parameters<typeof TestEngine.start>[0] = {}): Promise<TestEngine> {
  const started = await TestEngine.start({ random: () => 0, ...options });
  undo.push(() => started.remove());
  return started;
}

const join_ = (one: TestEngine, { server }: TestProject) =>
  one.ask('POST', '/join', { invitation: server.invitation });
const validOf = ({ finished }: EngineState, key: string) =>
  finished.filter((unit) => unit.project === key && unit.verdict === 'valid').length;
const view = ({ projects }: EngineState, key: string) => projects.find((one) => one.keyFingerprint === key);
const code = (json: unknown) => ApiError.parse(json).error.code;

const SMALL = { units: 2, eventsPerUnit: 20_000 };
/** Half a minute each: what is in hand is not computed before somebody asks. */
const LONG = { units: 4, eventsPerUnit: 100_000_000, blockEvents: 100_000 };

describe('several projects', PATIENCE, () => {
  test('work of all of them is computed, by their shares, and each knows only its own', async () => {
    const [a, b, one] = [
      await project({ units: 60, eventsPerUnit: 100_000 }),
      await project({ units: 60, eventsPerUnit: 100_000 }),
      await engine(),
    ];
    await one.ask('POST', '/pause', { forSeconds: null });
    expect(ProjectView.parse((await join_(one, a)).json)).toMatchObject({ share: 100, leaving: false });
    await join_(one, b);
    expect(await one.ask('PUT', '/shares', { shares: { [a.key]: 75, [b.key]: 25 } })).toMatchObject({
      status: 204,
    });
    await one.ask('POST', '/resume');
    const state = await one.until((now) => validOf(now, a.key) + validOf(now, b.key) >= 8);
    const part = validOf(state, a.key) / (validOf(state, a.key) + validOf(state, b.key));
    expect(part).toBeGreaterThan(0.6);
    expect(part).toBeLessThan(0.9);
    expect((await a.campaign()).unitsValid).toBeGreaterThanOrEqual(validOf(state, a.key));
    await one.stop();
    await one.start();
    expect(one.state().projects.map(({ share }) => share)).toEqual([75, 25]);
  });

  test('one that has no work, or none any more, gives its turn to the other; share 0 takes nothing', async () => {
    const [a, b, one] = [await project(SMALL), await project({ ...SMALL, units: 6 }), await engine()];
    await join_(one, a);
    await one.until((now) => validOf(now, a.key) === 2);
    await one.until((now) => view(now, a.key)?.message !== null);
    await join_(one, b);
    const state = await one.until((now) => validOf(now, b.key) === 6);
    expect(state.status.cause.code).not.toBe('offline');
    await one.ask('PUT', '/shares', { shares: { [b.key]: 0 } });
    await b.push(SMALL);
    await a.push(SMALL);
    await one.ask('POST', '/work/retry');
    await one.until((now) => validOf(now, a.key) === 4);
    expect(validOf(one.state(), b.key)).toBe(6);
    expect(view(one.state(), b.key)?.inHand).toEqual({ unfinished: 0, undelivered: 0 });
  });

  test('one that is away keeps the other from nothing', async () => {
    const [a, b, one] = [await project(SMALL), await project(SMALL), await engine()];
    await join_(one, a);
    await one.until((now) => validOf(now, a.key) === 2);
    await a.server.restart();
    await join_(one, b);
    undo.splice(undo.length - 3, 1); // a is removed here
    await a.remove();
    const state = await one.until((now) => validOf(now, b.key) === 2);
    expect(view(state, b.key)?.connected).toBe(true);
    await one.ask('POST', '/work/retry');
    await one.until((now) => view(now, a.key)?.connected === false);
    expect(one.state().status.state).not.toBe('offline');
  });
});

describe('leaving', PATIENCE, () => {
  test('giving back: units in hand go to others at once, also when the engine is killed meanwhile', async () => {
    const [a, one] = [await project(LONG), await engine()];
    await join_(one, a);
    await one.until((now) => now.running.some(({ state }) => state === 'running'));
    await one.stop();
    // As a crash leaves it that comes right after the wish was written down.
    const path = join(one.folder, 'membership.json');
    const stored = JSON.parse(await readFile(path, 'utf8'));
    stored.projects[0].leaving = 'give-back';
    await writeFile(path, JSON.stringify(stored));
    await one.start();
    await one.until((now) => now.projects.length === 0 && now.running.length === 0);
    await expect.poll(() => readdir(join(one.folder, 'spool'))).toEqual([]);
    await expect.poll(async () => JSON.parse(await readFile(path, 'utf8'))).toEqual({ projects: [] });
    const other = await engine();
    await join_(other, a);
    await other.until((now) => view(now, a.key)?.inHand.unfinished !== 0);
    expect(one.state().status).toMatchObject({ state: 'attention', cause: { code: 'no-project' } });
  });

  test('finishing: what is in hand is computed and delivered, nothing new is taken', async () => {
    const [a, one] = [await project({ units: 50, eventsPerUnit: 800_000 }), await engine()];
    await join_(one, a);
    await one.until((now) => now.running.some(({ state }) => state === 'running'));
    expect((await one.ask('POST', '/leave', { project: a.key, work: 'finish' })).status).toBe(204);
    const leaving = one.state();
    expect(view(leaving, a.key)?.leaving).toBe(true);
    expect((await one.ask('POST', '/leave', { project: a.key, work: 'finish' })).status).toBe(404);
    await one.until(({ projects, status }) => projects.length === 0 && status.state === 'attention');
    // The history follows a moment later.
    const list = async () => UnitsPage.parse((await one.ask('GET', '/units')).json).units;
    await expect
      .poll(async () => (await list()).filter(({ verdict }) => verdict === 'unreported'))
      .toEqual([]);
    const units = await list();
    expect(units.length).toBeGreaterThan(0);
    expect(units.length).toBeLessThan(50);
    for (const unit of units) expect(['valid', 'pending']).toContain(unit.verdict);
    // Joined again, it is as before.
    expect(ProjectView.parse((await join_(one, a)).json)).toMatchObject({ leaving: false, share: 100 });
  });
});

test('what joining would mean is told before; nothing is joined by asking', PATIENCE, async () => {
  const [a, one] = [await project(SMALL), await engine()];
  const { invitation } = a.server;
  const preview = async (text: string) => one.ask('POST', '/join/preview', { invitation: text });
  const told = JoinPreview.parse((await preview(invitation)).json);
  expect(told).toMatchObject({ name: 'Test', keyFingerprint: a.key, joined: false });
  expect(told.campaigns).toEqual([{ title: 'A test', application: 'evgen', version: EVGEN_VERSION }]);
  expect(one.state().projects).toEqual([]);
  const wrong = await preview(invitation.replace(a.key, '0'.repeat(32)));
  expect([wrong.status, code(wrong.json)]).toEqual([409, 'refused']);
  expect((await preview('nonsense')).status).toBe(422);
  expect((await preview(`http://127.0.0.1:9/#key=${'0'.repeat(32)}`)).status).toBe(502);
  // As a .beamtime file holds it.
  expect((await preview(JSON.stringify({ invitation }))).status).toBe(200);
  await one.ask('POST', '/join', { invitation: `${invitation}\n` });
  expect(JoinPreview.parse((await preview(invitation)).json).joined).toBe(true);
});

test('contribution, log, report and remedies of an engine that has computed', PATIENCE, async () => {
  const [a, one] = [await project({ units: 3, eventsPerUnit: 20_000, blockEvents: 5_000 }), await engine()];
  await join_(one, a);
  // The sums are of the history.
  await one.until((now) => validOf(now, a.key) === 3 && now.contribution.unitsValid === 3);
  const { token } = one.running;
  const { projects } = JSON.parse(await readFile(join(one.folder, 'membership.json'), 'utf8'));
  const hostToken = String(projects[0].token);

  const all = UnitsPage.parse((await one.ask('GET', '/units?limit=2')).json);
  expect([all.units.length, all.total]).toEqual([2, 3]);
  const rest = UnitsPage.parse((await one.ask('GET', `/units?limit=2&before=${all.next}`)).json);
  expect([rest.units.length, rest.next]).toEqual([1, null]);
  expect(new Set([...all.units, ...rest.units].map(({ leaseId }) => leaseId)).size).toBe(3);
  expect(UnitsPage.parse((await one.ask('GET', '/units?verdict=failed')).json).total).toBe(0);
  expect((await one.ask('GET', '/units?before=nonsense')).status).toBe(422);

  // All of it came from here, so the two are the same, bin by bin.
  const share = async () => {
    const campaign = all.units[0]?.campaign;
    const { json } = await one.ask('GET', `/share?project=${a.key}&campaign=${campaign}`);
    return CampaignShare.array().parse((json as { points: unknown }).points);
  };
  const [point] = await share();
  expect(point).toMatchObject({ events: 60_000, eventsMine: 60_000 });
  expect(
    Object.values(point?.counts ?? {})
      .flat()
      .some((count) => count > 0),
  ).toBe(true);
  expect(point?.countsMine).toEqual(point?.counts);
  await one.stop();
  await one.start();
  expect((await share())[0]?.countsMine).toEqual(point?.counts);
  const foreign = await one.ask('GET', `/share?project=${'0'.repeat(32)}&campaign=x`);
  expect([foreign.status, code(foreign.json)]).toEqual([404, 'not-found']);
  expect((await one.ask('GET', `/share?project=${a.key}&campaign=none`)).status).toBe(404);

  const log = LogLine.array().parse(((await one.ask('GET', '/log')).json as { lines: unknown }).lines);
  expect(log.some(({ message }) => message === 'joined')).toBe(true);
  const report = await (
    await fetch(`${one.running.url}/api/v1/report`, {
      headers: { authorization: `Bearer ${one.running.token}` },
    })
  ).text();
  expect(report).toContain(a.key);
  expect(report).toMatch(/^ {2}ok: Data folder/m);
  for (const secret of [token, one.running.token, hostToken]) {
    expect(report).not.toContain(secret);
    expect(JSON.stringify(log)).not.toContain(secret);
  }

  expect((await one.ask('POST', '/doctor/nothing/remedy')).status).toBe(404);
  const refused = await one.ask('POST', '/doctor/web-assembly/remedy');
  expect([refused.status, code(refused.json)]).toEqual([409, 'refused']);
  await a.server.remove();
  const { json } = await one.ask('POST', '/doctor/project/remedy');
  expect(DoctorCheck.parse((json as { check: unknown }).check)).toMatchObject({
    state: 'warning',
    action: 'retry',
  });
  undo.shift();
});

test(
  'the machine goes to sleep: every capsule pauses before the answer, and goes on afterwards',
  PATIENCE,
  async () => {
    const [a, one] = [await project(LONG), await engine()];
    await join_(one, a);
    await one.until((now) => now.running.some(({ state }) => state === 'running'));
    const report = { onBattery: null, idleSeconds: null, screenLocked: null, thermal: null };
    expect((await one.ask('POST', '/power', { ...report, suspending: true })).status).toBe(204);
    const asleep = one.state();
    expect(asleep.status).toMatchObject({ state: 'waiting', slots: 0, cause: { code: 'suspended' } });
    expect(asleep.running.filter(({ state }) => state === 'running')).toEqual([]);
    const done = asleep.running.map((unit) => unit.done);
    expect((await one.ask('POST', '/power', { ...report, suspending: false })).status).toBe(204);
    await one.until((now) => now.running.some((unit, i) => unit.done > (done[i] ?? 0)));
  },
);

test('files that are damaged are kept aside, and said so; the engine starts all the same', async () => {
  const one = await engine();
  await one.stop();
  const names = ['preferences.json', 'membership.json', 'machine.json', 'history.sqlite'];
  for (const name of names) await writeFile(join(one.folder, name), `not what it was ${'x'.repeat(5000)}`);
  await one.start();
  const state = await one.until(({ status }) => status.cause.code === 'no-project');
  expect(state.status.reason).toContain('The list of your projects was damaged and is kept as');
  const { checks } = (await one.ask('GET', '/doctor')).json as { checks: DoctorCheck[] };
  const check = checks.find(({ name }) => name === 'kept-aside');
  expect(check?.state).toBe('warning');
  const kept = await readdir(one.folder);
  for (const name of names) {
    const aside = kept.find((other) => other.startsWith(`${name}.damaged-`));
    expect(aside).toBeDefined();
    expect(check?.detail).toContain(aside);
  }
});
