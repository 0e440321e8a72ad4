import type { Command, Input } from '../command.ts';
import { findStaffServer, STAFF_SERVER_OPTIONS } from '../endpoints.ts';
import { dataOption } from '../folders.ts';
import { type Look, lookAtCampaign } from '../push/dry-run.ts';
import { showLook } from '../push/show-look.ts';
import { type Pushed, type PushServer, pushDocument } from '../push.ts';
import { clean } from '../terminal.ts';
import { count } from '../words.ts';

export const push: Command = {
  name: 'push',
  summary: 'publish releases, the appliance and campaigns (project staff)',
  description:
    'Each file is a YAML or JSON document that says what it is by "kind: release", "kind: appliance" or "kind: campaign"; ' +
    'the files it names are uploaded with it. Several are pushed in the order given, and the first that is refused ends ' +
    'the command. Pushing the very same again changes nothing. With --dry-run campaigns are checked as a push checks them and nothing ' +
    'is started: the program computes a few events of the first point and of the one that differs most from it on this computer, ' +
    'and what the whole would cost is told from what hosts did lately.',
  positionals: {
    name: 'FILE',
    min: 1,
    max: 100,
    help: 'documents to publish; a release before its campaigns',
  },
  options: {
    ...dataOption('project'),
    ...STAFF_SERVER_OPTIONS,
    'dry-run': { help: 'look at campaigns without starting them' },
  },
  examples: [
    'beamtime push physics/evgen/release.yaml physics/campaigns/z-line-shape.yaml',
    'beamtime push physics/campaigns/z-line-shape.yaml --dry-run',
  ],
  exitCodes: { 4: 'the project refused a document, or a document is not right (FILE:LINE says where)' },
  async run(input) {
    const { terminal } = input;
    const server = await findStaffServer(input);
    if (input.flag('dry-run')) return look(input, { url: server.url, staffToken: server.token });
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

async function look({ positionals, terminal, stopping }: Input, server: PushServer): Promise<number> {
  const looked: Look[] = [];
  for (const file of positionals) {
    const found = await lookAtCampaign({ ...server, file, stopping });
    showLook(terminal, found);
    looked.push(found);
  }
  terminal.document({ dryRun: looked });
  return 0;
}

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
