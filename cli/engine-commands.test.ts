import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive } from '../platform/processes.ts';
import { StaffInvitation } from '../protocol/invitation.ts';
import { AttachCode, OwnHostList } from '../protocol/people-api.ts';
import { ServerEndpoint } from '../protocol/staff-api.ts';
import { Staff } from '../server/testkit/client.ts';
import { Person } from '../server/testkit/person.ts';
import { makeHome } from './testkit/run.ts';

/** Commands of volunteers, against a real engine that "beamtime start" starts in the background. */
describe('an engine', () => {
  let home: Awaited<ReturnType<typeof makeHome>>;
  let pid = 0;
  const state = async () => JSON.parse((await home.run('status', '--json')).out);

  beforeAll(async () => {
    home = await makeHome();
  });
  afterAll(async () => {
    if (pid !== 0 && isAlive(pid)) process.kill(pid, 'SIGKILL');
    await home?.remove();
  });

  it('is not there at first, and every command says what to do', async () => {
    for (const args of [
      ['status'],
      ['pause'],
      ['resume'],
      ['stop'],
      ['join', 'beamtime://join?url=x&key=y'],
    ]) {
      expect(await home.run(...args)).toMatchObject({
        code: 3,
        err: 'beamtime: the engine is not running; start it with "beamtime start"\n',
      });
    }
  });

  it('starts in the background, once', async () => {
    const first = await home.run('start', '--json');
    expect(first).toMatchObject({ code: 0, err: '' });
    const started = JSON.parse(first.out);
    expect(started).toMatchObject({
      started: true,
      page: `${started.url}/#token=${started.page.split('=')[1]}`,
    });
    pid = started.pid;
    expect(isAlive(pid)).toBe(true);
    expect(await home.run('start')).toMatchObject({ code: 0, out: expect.stringContaining('runs already') });
  });

  it('refuses a second one in its folder', async () => {
    expect(await home.run('engine')).toMatchObject({
      code: 1,
      err: expect.stringContaining('another engine already runs'),
    });
  });

  it('tells its state, for people and for programs', async () => {
    expect(await state()).toMatchObject({ pid, projects: [], status: { state: expect.any(String) } });
    const shown = await home.run('status');
    expect(shown.code).toBe(0);
    expect(shown.out).toMatch(/^\w+: .+\n/);
    expect(shown.out).toMatch(/^Page +http:\/\/127\.0\.0\.1:\d+\/#token=/m);
    expect(shown.out).toContain('none; see "beamtime join --help"');
    // No colours: nobody looks at a pipe.
    expect(shown.out).not.toContain('\u001b');
  });

  it('pauses for a time, until resumed, and resumes', async () => {
    const before = Date.now();
    expect(await home.run('pause', '--for', '1h')).toMatchObject({
      code: 0,
      out: 'paused; goes on by itself in 1 h 0 min\n',
    });
    const { status } = await state();
    expect(status.state).toBe('paused');
    expect(Math.abs(Date.parse(status.pausedUntil) - before - 3_600_000)).toBeLessThan(60_000);
    expect((await home.run('pause')).out).toBe('paused until "beamtime resume"\n');
    expect((await state()).status).toMatchObject({ state: 'paused', pausedUntil: null });
    expect((await home.run('resume')).code).toBe(0);
    expect((await state()).status.state).not.toBe('paused');
    expect(await home.run('pause', '--for', 'ever')).toMatchObject({ code: 2 });
  });

  it('joins a project by its invitation, and says what is wrong with a bad one', async () => {
    expect(await home.run('join', 'nonsense')).toMatchObject({
      code: 4,
      err: expect.stringContaining('invitation'),
    });
    const server = await home.stay(['server', '--name', 'Test project', '--json'], /^\{/);
    try {
      const { invitation, url } = JSON.parse(server.line);
      const { staffToken } = ServerEndpoint.parse(
        JSON.parse(await readFile(join(home.folder, 'data/project/endpoint.json'), 'utf8')),
      );
      const wrongKey = invitation.replace(/key=.*/, `key=${'0'.repeat(32)}`);
      expect(await home.run('join', wrongKey)).toMatchObject({ code: 4, err: expect.stringMatching(/key/) });
      const preview = await home.run('join', invitation, '--preview');
      expect(preview).toMatchObject({ code: 0, out: expect.stringContaining(`Test project at ${url}`) });
      expect((await state()).projects).toEqual([]);
      const staff = new Staff(url, staffToken);
      const limits = { label: 'A school', mostHosts: 1, preferences: { maxCores: 1, capsule: 'wasm' } };
      const { link } = await staff.ask(StaffInvitation, 'POST', '/staff/invitations', limits);
      expect((await home.run('join', link, '--preview')).out).toContain(
        'proposes maxCores: 1 (taken with --preset)',
      );
      expect(await home.run('join', link, '--preset')).toMatchObject({
        code: 0,
        out: expect.stringContaining(`joined Test project at ${url}`),
      });
      expect((await state()).preferences).toMatchObject({ maxCores: 1, capsule: 'wasm', onBattery: false });
      expect(await home.run('join', link, '--preview')).toMatchObject({ code: 4 });
      // Joined already, it needs no place.
      expect(await home.run('join', invitation)).toMatchObject({
        code: 0,
        out: expect.stringContaining(`joined Test project at ${url}`),
      });
      expect((await state()).projects).toMatchObject([{ name: 'Test project', url }]);

      const ada = await Person.signUp(url, 'ada');
      const { code } = await ada.ask(AttachCode, 'POST', '/account/attach-code');
      const words = { err: expect.stringContaining('there is no such code') };
      expect(await home.run('attach', '0000-0000')).toMatchObject({ code: 4, ...words });
      expect(await home.run('attach', code.toLowerCase().replace('-', ''))).toMatchObject({
        code: 0,
        out: 'this computer is ada’s at Test project\n',
      });
      expect((await ada.ask(OwnHostList, 'GET', '/account/hosts')).hosts).toHaveLength(1);
    } finally {
      await server.end();
    }
  });

  it('is checked by doctor, running or not', async () => {
    const { code, out } = await home.run('doctor', '--json');
    const { checks } = JSON.parse(out);
    expect(checks.length).toBeGreaterThan(3);
    const problems = checks.filter((check: { state: string }) => check.state === 'problem');
    expect(code).toBe(problems.length > 0 ? 1 : 0);
    for (const check of checks) if (check.state !== 'ok') expect(check.remedy).toBeTruthy();
  });

  it('lists projects, divides the work, and says what it does not know', async () => {
    const { out } = await home.run('projects');
    expect(out).toMatch(/^Test project +100 /m);
    const [{ keyFingerprint }] = JSON.parse((await home.run('projects', '--json')).out).projects;
    expect(await home.run('share', 'Test project', '40')).toMatchObject({
      code: 0,
      out: 'Test project: share 40, 100% of the work\n',
    });
    expect((await home.run('share', keyFingerprint.slice(0, 8), '0')).code).toBe(0);
    expect((await state()).projects[0].share).toBe(0);
    expect(await home.run('share', 'Test project', '101')).toMatchObject({ code: 2 });
    expect(await home.run('leave', 'Another')).toMatchObject({
      code: 4,
      err: expect.stringContaining('no project joined'),
    });
  });

  it('has the engine see to what a check has found', async () => {
    // The server has ended: its check proposes to try again, and finds the same.
    expect(await home.run('doctor', '--fix', 'project')).toMatchObject({
      code: 0,
      out: expect.stringContaining('does not answer'),
    });
    expect((await home.run('doctor', '--fix', 'web-assembly')).code).toBe(4);
    expect((await home.run('doctor', '--fix', 'nothing')).code).toBe(4);
  });

  it('stops, and leaves no process', async () => {
    expect(await home.run('stop')).toMatchObject({ code: 0, out: 'the engine has ended\n' });
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(join(home.folder, 'data/engine/endpoint.json'))).toBe(false);
    expect((await home.run('status')).code).toBe(3);
    expect([0, 1]).toContain((await home.run('doctor')).code);
  });

  it('is known to be gone after kill -9, and starts again', async () => {
    pid = JSON.parse((await home.run('start', '--json')).out).pid;
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => isAlive(pid)).toBe(false);
    expect((await home.run('status')).code).toBe(3);
    const again = await home.run('start', '--json');
    expect(again).toMatchObject({ code: 0, err: '' });
    pid = JSON.parse(again.out).pid;
    expect((await state()).projects).toMatchObject([
      { name: 'Test project', connected: expect.any(Boolean) },
    ]);
    expect((await home.run('stop')).code).toBe(0);
  });

  it('leaves a project', async () => {
    pid = JSON.parse((await home.run('start', '--json')).out).pid;
    expect(await home.run('leave', 'Test project', '--give-back')).toMatchObject({
      code: 0,
      out: 'left Test project\n',
    });
    await expect.poll(async () => (await state()).projects, { timeout: 30_000 }).toEqual([]);
    expect((await home.run('projects')).out).toContain('none joined');
    expect((await home.run('stop')).code).toBe(0);
  });

  it('runs in the foreground until it is told to end', async () => {
    const running = await home.stay(['start', '--foreground'], /^The engine runs/);
    expect((await home.run('status')).code).toBe(0);
    expect((await running.end()).code).toBe(0);
    expect((await home.run('status')).code).toBe(3);
  });

  it('says why it does not start', async () => {
    const server = await home.stay(['server', '--json'], /^\{/);
    const { port } = new URL(JSON.parse(server.line).url);
    const taken = await home.run('start', '--port', port);
    await server.end();
    expect(taken).toMatchObject({ code: 1, err: expect.stringContaining(port) });
    expect(await home.run('start', '--data', '/proc/beamtime')).toMatchObject({
      code: 1,
      err: expect.stringContaining('choose another'),
    });
    expect(await home.run('start', '--capsule', 'docker')).toMatchObject({
      code: expect.any(Number),
      err: expect.stringContaining('--capsule takes qemu or wasm'),
    });
  });
});
