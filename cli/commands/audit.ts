import { AuditPage } from '../../protocol/staff-api.ts';
import { verifyTrail } from '../../server/audit/chain.ts';
import { type Api, ask } from '../api.ts';
import type { Command } from '../command.ts';
import { findStaffServer, STAFF_SERVER_OPTIONS } from '../endpoints.ts';
import { RefusedError } from '../errors.ts';
import { dataOption } from '../folders.ts';
import { clean, table } from '../terminal.ts';
import { count, parseWhole } from '../words.ts';

export const audit: Command = {
  name: 'audit',
  summary: 'list what was done at a project, and verify it (project staff)',
  description:
    'Each row carries the hash of the one before. --verify computes them all here, and tells the first row that was changed ' +
    'or is missing. Keep the last hash it prints elsewhere: nothing else tells when rows at the end were cut off.',
  options: {
    ...dataOption('project'),
    ...STAFF_SERVER_OPTIONS,
    verify: { help: 'go through the whole trail' },
    limit: { value: 'N', help: 'list so many rows, the newest first (default: 30)' },
  },
  examples: ['beamtime audit', 'beamtime audit --verify'],
  exitCodes: { 4: 'refused, or the trail is broken' },
  async run(input) {
    const { terminal } = input;
    const limit = parseWhole('limit', input.text('limit') ?? '30', 1, 1000);
    const server = await findStaffServer(input);
    if (input.flag('verify')) {
      const found = await verifyTrail((number) => rows(server, `after=${number}&limit=1000`));
      if (found.breach !== null)
        throw new RefusedError(`the audit trail is broken after row ${found.rows}: ${found.breach}`);
      terminal.document(found);
      terminal.say(`${count(found.rows)} rows, each follows the one before`);
      if (found.head !== null) terminal.say(`last hash ${found.head}`);
      return 0;
    }
    const entries = await rows(server, `limit=${limit}`);
    terminal.document({ entries });
    const lines = entries.map(({ number, at, event, details }) => [
      String(number),
      at.toISOString().slice(0, 19).replace('T', ' '),
      clean(event),
      clean(
        Object.entries(details)
          .map(([name, value]) => `${name} ${value}`)
          .join(', '),
      ),
    ]);
    for (const text of table(['row', 'when (UTC)', 'event', 'details'], lines, [
      'right',
      'left',
      'left',
      'left',
    ]))
      terminal.say(text);
    return 0;
  },
};

async function rows(server: Api, query: string) {
  const { entries } = await ask(server, { path: `/staff/audit?${query}`, schema: AuditPage });
  return entries.map((entry) => ({ ...entry, at: new Date(entry.at) }));
}
