import { afterAll, beforeAll, expect, test } from 'vitest';
import { InvitedTo, StaffInvitation, StaffInvitationList } from '../../protocol/invitation.ts';
import { HostIdentity } from '../../protocol/project-api.ts';
import { Client, Host, type Reply, refusal, Staff } from '../testkit/client.ts';
import { modelCampaign, modelPrograms, modelRelease } from '../testkit/model.ts';
import { type TestServer, testServer } from '../testkit/server.ts';

let server: TestServer;
let staff: Staff;
beforeAll(async () => {
  server = await testServer();
  staff = new Staff(server.url, server.staffToken);
  await staff.publish(modelRelease, modelPrograms);
  await staff.push(modelCampaign('for-all', { events: 2000 }));
  await staff.push(modelCampaign('for-a-school', { events: 20_000, seed: 9 }));
});
afterAll(() => server?.remove());

const invite = (body: object) =>
  staff.ask(StaffInvitation, 'POST', '/staff/invitations', { label: 'A school', ...body });
const join = (invitation: string): Promise<Reply> =>
  new Client(server.url).send('POST', '/hosts', { cores: 2, os: 'test', engineVersion: '0', invitation });
const campaignsOf = async (host: Host) =>
  new Set((await host.leases(30)).leases.map(({ campaign }) => campaign));

test('who joins by it works for its campaigns alone, and others for all', async () => {
  const preferences = { capsule: 'wasm', onBattery: true };
  const made = await invite({ campaigns: ['for-a-school'], preferences });
  expect(made.link).toBe(`${server.invitation}&code=${made.code}`);
  expect(await new Client(server.url).ask(InvitedTo, 'GET', `/invitations/${made.code}`)).toEqual({
    ...{ label: 'A school', campaigns: ['for-a-school'], preferences },
  });
  const host = new Host(server.url, HostIdentity.parse((await join(made.code)).json));
  expect(await campaignsOf(host)).toEqual(new Set(['for-a-school']));
  expect(await campaignsOf(await Host.register(server.url))).toEqual(new Set(['for-a-school', 'for-all']));
  await staff.send('POST', '/staff/campaigns/for-a-school/pause', {});
  const other = new Host(server.url, HostIdentity.parse((await join(made.code)).json));
  expect(await other.leases(1)).toMatchObject({ leases: [], reason: expect.stringContaining('invitation') });
  await staff.send('POST', '/staff/campaigns/for-a-school/resume', {});
});

test('no more join by it than may, however many come at once', async () => {
  const { code, id } = await invite({ mostHosts: 3 });
  const statuses = (await Promise.all(Array.from({ length: 8 }, () => join(code)))).map(
    ({ status }) => status,
  );
  expect(statuses.sort()).toEqual([201, 201, 201, 403, 403, 403, 403, 403]);
  expect(refusal(await join(code), 403).code).toBe('invitation-ended');
  expect((await new Client(server.url).send('GET', `/invitations/${code}`)).status).toBe(404);
  const { invitations } = await staff.ask(StaffInvitationList, 'GET', '/staff/invitations');
  expect(invitations.find((one) => one.id === id)).toMatchObject({ hosts: 3, mostHosts: 3, revoked: false });
});

test('one that is revoked or was never made opens nothing, and one to no campaign is not made', async () => {
  const { code, id } = await invite({ days: 1 });
  expect((await join(code)).status).toBe(201);
  expect((await staff.send('DELETE', `/staff/invitations/${id}`)).status).toBe(204);
  expect(refusal(await join(code), 403).place).toBe('invitation');
  expect((await join('x'.repeat(20))).status).toBe(403);
  const reply = await staff.send('POST', '/staff/invitations', { label: 'x', campaigns: ['none'] });
  expect(refusal(reply, 422).code).toBe('unknown-campaign');
});
