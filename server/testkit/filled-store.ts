// Writes server/store/fixtures/schema-NNNN.jsonl: a small store with something of everything, as this version keeps it.
// Later versions are tested to bring it to their schema. To be run once for each release:  node server/testkit/filled-store.ts
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256 } from '../../platform/files.ts';
import type { Lease, ResultReport } from '../../protocol/project-api.ts';
import { StoreSnapshot } from '../../protocol/staff-api.ts';
import { failedReport, finished, Host, Staff } from './client.ts';
import { modelCampaign, modelOutput, modelPrograms, modelRelease } from './model.ts';
import { testServer } from './server.ts';

const FIXTURES = fileURLToPath(new URL('../store/fixtures/', import.meta.url));
const MODEL = { ...modelRelease, title: 'A store of this version' };

const server = await testServer();
try {
  const staff = new Staff(server.url, server.staffToken);
  await staff.publish(MODEL, modelPrograms);
  const parts: Record<string, { sha256: string; bytes: number }> = {};
  for (const name of ['kernel', 'initrd']) {
    const bytes = Buffer.from(`a ${name}, by name only`);
    parts[name] = { sha256: sha256(bytes), bytes: bytes.length };
    await staff.send('PUT', `/staff/objects/${sha256(bytes)}`, bytes);
  }
  await staff.send('PUT', '/staff/appliance', { ...parts, kernelVersion: '6.1' });
  const [one, two, three] = [
    await Host.register(server.url),
    await Host.register(server.url),
    await Host.register(server.url),
  ];
  // Valid, failed and given back; a unit merged, one open.
  await staff.push(modelCampaign('single', { events: 300 }));
  const [first, second, third] = (await one.leases(3)).leases;
  if (!first || !second || !third) throw new Error('no leases');
  await one.report(inline(first));
  await one.report(failedReport(second));
  await one.send('POST', '/leases/release', { leases: [third.id] });
  // Not as the card says: invalid.
  const odd = await two.lease();
  await two.finish(odd, { 'blocks.jsonl': '{}\n' });
  // One agrees, one waits for it, one is in hand.
  await staff.push(modelCampaign('double', { events: 300, validation: { quorum: 2 }, seed: 5 }));
  for (const host of [two, three]) {
    const { leases } = await host.leases(8);
    const mine = leases.filter(({ campaign }) => campaign === 'double').slice(0, host === two ? 2 : 1);
    for (const lease of mine) await host.finish(lease, modelOutput(lease.card));
  }
  // A spot check that can not be made, since its program is none: it stays in the queue.
  await staff.publish({ ...MODEL, version: '2' }, { 'wasm32-wasi': Buffer.from('no program') });
  await staff.push(modelCampaign('spot', { version: '2', events: 100, validation: { spot: 0.5 }, seed: 6 }));
  const { leases } = await three.leases(32);
  const checked = leases.find(({ campaign }) => campaign === 'spot');
  if (!checked) throw new Error('no lease to be checked');
  await three.finish(checked, modelOutput(checked.card));

  await staff.push(modelCampaign('open', { events: 100, seed: 7 }));

  const { file } = await staff.ask(StoreSnapshot, 'POST', '/staff/snapshots');
  const text = await readFile(file, 'utf8');
  const schema = Number(/"schema":(\d+)/.exec(text)?.[1]);
  await mkdir(FIXTURES, { recursive: true });
  const target = join(FIXTURES, `schema-${String(schema).padStart(4, '0')}.jsonl`);
  await copyFile(file, target);
  console.log(`${target}: ${text.length} bytes`);
} finally {
  await server.remove();
}

/** The report with its file in it, which is then kept in a pack. */
function inline(lease: Lease): ResultReport {
  const report = finished(lease, modelOutput(lease.card));
  if (report.outcome.state !== 'finished') throw new Error('not a report of outputs');
  const [text = ''] = Object.values(modelOutput(lease.card));
  for (const file of report.outcome.files) file.data = Buffer.from(text).toString('base64');
  return report;
}
