import { afterAll, beforeAll, expect, test } from 'vitest';
import { failedReport, Host, Staff } from './testkit/client.ts';
import { modelCampaign, modelOutput, modelPrograms, modelRelease } from './testkit/model.ts';
import { type TestServer, testServer } from './testkit/server.ts';

let server: TestServer;
let staff: Staff;
beforeAll(async () => {
  server = await testServer();
  staff = new Staff(server.url, server.staffToken);
  await staff.publish(modelRelease, modelPrograms);
});
afterAll(() => server?.remove());

test('the first report after a restart may be a failure', async () => {
  await staff.push(modelCampaign('restarted'));
  const host = await Host.register(server.url);
  const lease = await host.lease();
  await server.restart();
  expect(await host.report(failedReport(lease))).toMatchObject({ state: 'failed' });
  const next = await host.lease();
  expect(await host.finish(next, modelOutput(next.card))).toMatchObject({
    state: 'valid',
    creditMicroseconds: 250,
  });
}, 20_000);
