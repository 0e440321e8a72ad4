import type { Command } from '../command.ts';
import { findStaffServer, STAFF_SERVER_OPTIONS } from '../endpoints.ts';
import { dataOption } from '../folders.ts';
import { type Pushed, pushDocument } from '../push.ts';
import { clean } from '../terminal.ts';
import { count } from '../words.ts';

export const push: Command = {
  name: 'push',
  summary: 'publish releases, the appliance and campaigns (project staff)',
  description:
    'Each file is a YAML or JSON document that says what it is by "kind: release", "kind: appliance" or "kind: campaign"; ' +
    'the files it names are uploaded with it. Several are pushed in the order given, and the first that is refused ends ' +
    'the command. Pushing the very same again changes nothing.',
  positionals: {
    name: 'FILE',
    min: 1,
    max: 100,
    help: 'documents to publish; a release before its campaigns',
  },
  options: {
    ...dataOption('project'),
    ...STAFF_SERVER_OPTIONS,
  },
  examples: ['beamtime push physics/evgen/release.yaml physics/campaigns/z-line-shape.yaml'],
  exitCodes: { 4: 'the project refused a document, or a document is not right (FILE:LINE says where)' },
  async run(input) {
    const { terminal } = input;
    const server = await findStaffServer(input);
    const done: Pushed[] = [];
    for (const file of input.positionals) {
      const pushed = await pushDocument({ file, url: server.url, staffToken: server.token });
      for (const notice of pushed.notices) terminal.note(notice);
      terminal.say(line(pushed));
      done.push(pushed);
    }
    terminal.document({ pushed: done });
    return 0;
  },
};

function line({ kind, name, uploaded, summary }: Pushed): string {
  const bytes = uploaded.reduce((sum, one) => sum + one.bytes, 0);
  const files =
    uploaded.length > 0
      ? `, ${uploaded.map((one) => one.file).join(' and ')} uploaded (${count(bytes)} bytes)`
      : '';
  const units = summary
    ? `, ${count(summary.units)} work units, ${count(summary.eventsWanted)} events, ${summary.state}`
    : '';
  return `${kind} ${clean(name)}: published${files}${units}`;
}
