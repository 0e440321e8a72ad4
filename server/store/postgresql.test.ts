import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiTokenSecret } from '../../protocol/account-api.ts';
import { StaffInvitation } from '../../protocol/invitation.ts';
import { AttachCode, Team } from '../../protocol/people-api.ts';
import { projectApp } from '../api/app.ts';
import { judgeCanaries } from '../campaigns/canary.ts';
import * as catalogue from '../catalogue/queries.ts';
import * as dispatch from '../dispatch/queries.ts';
import { serverFiles } from '../files.ts';
import { projectKey } from '../key.ts';
import { LIMITS } from '../limits.ts';
import * as metrics from '../metrics/queries.ts';
import * as operations from '../operations/queries.ts';
import { Project } from '../project.ts';
import { Software } from '../software/software.ts';
import { Client, failedReport, Host, Staff } from '../testkit/client.ts';
import { Listener } from '../testkit/listener.ts';
import { modelCampaign, modelOutput, modelPrograms, modelRelease } from '../testkit/model.ts';
import { Person } from '../testkit/person.ts';
import { noPostgresql, postgresqlServer } from '../testkit/postgresql.ts';
import { quiet } from '../testkit/server.ts';
import { until } from '../testkit/until.ts';
import * as validate from '../validate/queries.ts';
import * as trust from '../validate/trust-queries.ts';
import type { Database, Queryable } from './database.ts';
import { migrate } from './migrate.ts';
import { openPglite } from './pglite.ts';
import { openPostgresql } from './postgresql.ts';
import { prepareDataFolder } from './prepare.ts';

/**
 * The embedded store is PostgreSQL compiled otherwise. That what we say to it is plain PostgreSQL, a stock server
 * tells: it takes the migrations and prepares every statement.
 */
const isHere = noPostgresql === null;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'beamtime-postgresql-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.skipIf(!isHere)(
  `a stock PostgreSQL takes every statement${isHere ? '' : ` (skipped: ${noPostgresql})`}`,
  async () => {
    const statements = await allStatements();
    expect(statements.size).toBeGreaterThan(40);
    const server = await postgresqlServer({ fsync: 'off' });
    try {
      const db = await openPostgresql({ url: server.url });
      try {
        await migrate(db, new Date());
        const refused: string[] = [];
        for (const [i, statement] of [...statements].entries()) {
          const complaint = await db.query(`PREPARE one${i} AS ${statement}`).then(
            () => null,
            (error: unknown) => `${error}\n${statement}`,
          );
          if (complaint !== null) refused.push(complaint);
        }
        expect(refused).toEqual([]);
      } finally {
        await db.close();
      }
    } finally {
      await server.remove();
    }
  },
  120_000,
);

/** Statements that are constants, and those that a project says while all of its routes are used. */
async function allStatements(): Promise<Set<string>> {
  const statements = new Set<string>();
  for (const text of [dispatch, validate, trust, catalogue, metrics, operations].flatMap((queries) =>
    Object.values(queries),
  ))
    if (typeof text === 'string') statements.add(text);
  const files = serverFiles(join(folder, 'embedded'));
  await Project.makeFolders(files);
  await prepareDataFolder(files.database);
  const db = await openPglite(files.database);
  await migrate(db, new Date());
  const key = await projectKey(files.key);
  const project = new Project({
    db: listening(db, statements),
    files,
    key,
    software: await Software.open(files, key.fingerprint, quiet),
    staffToken: 'x'.repeat(30),
    metricsToken: 'y'.repeat(30),
    isProxy: () => false,
    limits: LIMITS,
    name: 'Statements',
    log: quiet,
    now: () => new Date(),
  });
  const server = createServer(getRequestListener(projectApp(project).fetch));
  try {
    await use(project, await listen(server));
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await project.idle();
    await db.close();
  }
  return statements;
}

async function use(project: Project, url: string): Promise<void> {
  const staff = new Staff(url, project.staffToken);
  await staff.publish(modelRelease, modelPrograms);
  await staff.publish(modelRelease, modelPrograms);
  await staff.publish({ ...modelRelease, version: '2' }, modelPrograms);
  await staff.push(modelCampaign('used'));
  await staff.push(modelCampaign('used'));
  const [program] = Object.values(modelPrograms);
  if (!program) throw new Error('no program');
  await staff.send('GET', '/health');
  await staff.send('GET', '/health/ready');
  await staff.send('GET', '/campaigns');
  await staff.send('GET', '/appliance');
  const host = await Host.register(url);
  const listener = await Listener.open(url, 'used');
  const { leases } = await host.leases(4);
  for (const lease of leases.slice(0, 2)) await host.finish(lease, modelOutput(lease.card));
  const [third] = leases.slice(2);
  if (!third) throw new Error('no lease');
  await host.report(failedReport(third));
  await host.send('POST', '/leases/release', { leases: leases.map(({ id }) => id) });
  await host.verdict(third);
  await host.standing();
  await usePeople(staff, host);
  await staff.results();
  await staff.units();
  await staff.campaign('used');
  for (const [action, body] of [
    ['pause', {}],
    ['resume', {}],
    ['extend', { events: 5000 }],
    ['clone', { name: 'tried', changes: { version: '2', canary: { hosts: 1, units: 1 } } }],
    ['cancel', {}],
  ] as const)
    expect((await staff.send('POST', `/staff/campaigns/used/${action}`, body)).status).toBeLessThan(300);
  await host.leases(1);
  await judgeCanaries(project.db);
  await until('what changed', async () => listener.deltas.length > 0);
  await listener.leave();
  await project.expire();
  await project.forget();
}

/** Of people: an account's whole life. */
async function usePeople(staff: Staff, host: Host): Promise<void> {
  const person = await Person.withRole(staff, 'used', 'staff');
  const done = async (client: Client, method: string, path: string, body?: object) => {
    const reply = await client.send(method, path, body);
    expect(reply.status, `${method} ${path}`).toBeLessThan(300);
    return reply.json;
  };
  const { code } = AttachCode.parse(await done(person, 'POST', '/account/attach-code'));
  await done(host, 'POST', '/hosts/me/attach', { code });
  await done(person, 'PATCH', '/account', { name: 'Used', published: true, country: 'CH' });
  const team = Team.parse(await done(person, 'POST', '/teams', { name: 'Used' }));
  await done(person, 'PATCH', `/teams/${team.id}`, { description: 'Used' });
  await done(person, 'POST', `/teams/${team.id}/join`);
  const scopes = { name: 'x', scopes: ['results:read'], days: 1 };
  const { id, token } = ApiTokenSecret.parse(await done(person, 'POST', '/account/tokens', scopes));
  await done(new Client(staff.url, token), 'GET', '/staff/results');
  await done(person, 'DELETE', `/account/tokens/${id}`);
  for (const path of ['export', 'passkeys', 'sessions', 'hosts'])
    await done(person, 'GET', `/account/${path}`);
  for (const path of ['/staff/accounts', '/statistics', '/statistics/user.gz', '/teams'])
    await done(staff, 'GET', path);
  await done(person, 'POST', '/account/password', { password: 'another long one' });
  const limits = { label: 'x', mostHosts: 1, campaigns: ['used'] };
  const invitation = StaffInvitation.parse(await done(staff, 'POST', '/staff/invitations', limits));
  await done(staff, 'GET', `/invitations/${invitation.code}`);
  const registration = { cores: 1, os: 'x', engineVersion: '0', invitation: invitation.code };
  await done(staff, 'POST', '/hosts', registration);
  await done(staff, 'GET', '/staff/invitations');
  await done(staff, 'DELETE', `/staff/invitations/${invitation.id}`);
  await done(person, 'DELETE', `/account/hosts/${host.id}`);
  await done(person, 'POST', '/account/team/leave');
  await done(person, 'POST', '/account/delete', { login: 'used' });
}

function listening(db: Database, statements: Set<string>): Database {
  const hear = (to: Queryable): Queryable => ({
    query: (sql, parameters) => {
      statements.add(sql);
      return to.query(sql, parameters);
    },
  });
  return {
    ...hear(db),
    transaction: (work) => db.transaction((tx) => work(hear(tx))),
    isShared: db.isShared,
    alone: (name, work) => db.alone(name, work),
    announce: (topic) => db.announce(topic),
    onNews: (hear) => db.onNews(hear),
    execute: (sql) => db.execute(sql),
    maintain: () => db.maintain(),
    close: () => db.close(),
  };
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`);
    });
  });
}
