import type { CampaignDetail } from '../protocol/campaign.ts';
import type { ProvenancePage, ProvenanceUnit } from '../protocol/catalogue.ts';
import type { Api } from './api.ts';
import { provenancePages } from './catalogue.ts';
import { clean, type Terminal, table } from './terminal.ts';
import { count, parameters } from './words.ts';

/** release -> campaign -> units -> hosts -> merge, page by page as it comes. @param point null: all */
export async function showProvenance(
  terminal: Terminal,
  project: Api,
  detail: CampaignDetail,
  point: number | null,
): Promise<number> {
  let first: ProvenancePage | null = null;
  let shownPoint = -1;
  const units: ProvenanceUnit[] = [];
  for await (const page of provenancePages(project, detail.name, point)) {
    if (!first) showRelease(terminal, page, detail);
    first ??= page;
    if (terminal.json) units.push(...page.units);
    for (const [index, inPoint] of Map.groupBy(page.units, (unit) => unit.point)) {
      if (index !== shownPoint) showPoint(terminal, detail, index);
      shownPoint = index;
      for (const line of unitLines(inPoint)) terminal.say(`  ${line}`);
    }
  }
  if (first && shownPoint < 0) terminal.say('nothing is merged yet');
  const merged = detail.points
    .filter(({ index }) => point === null || index === point)
    .map(({ index, parameters, unitsValid, eventsValid }) => ({
      index,
      parameters,
      unitsValid,
      eventsValid,
    }));
  terminal.document({ release: first?.release ?? null, campaign: detail.name, points: merged, units });
  return 0;
}

function showRelease(terminal: Terminal, { release }: ProvenancePage, detail: CampaignDetail): void {
  const { application, version, sha256, place } = release;
  terminal.say(`release ${clean(application)} ${clean(version)}, document ${sha256}`);
  if (place) terminal.say(`  tag ${place.tag} of ${place.repository}, root catalog ${place.rootCatalog}`);
  terminal.say(`campaign ${clean(detail.name)}: ${clean(detail.title)}`);
}

function showPoint(terminal: Terminal, detail: CampaignDetail, index: number): void {
  const point = detail.points.find((one) => one.index === index);
  const text = clean(parameters(point?.parameters ?? {}));
  const merged = `${count(point?.unitsValid ?? 0)} units and ${count(point?.eventsValid ?? 0)} events merged`;
  terminal.say();
  terminal.say(terminal.style('bold', `point ${index}${text ? ` (${text})` : ''}: ${merged}`));
}

function unitLines(units: readonly ProvenanceUnit[]): string[] {
  const rows = units.flatMap(({ unit, firstEvent, events, results }) =>
    results.map(({ lease, host, capsule, outputHash, reportedOn }) => [
      ...[unit, `${firstEvent}-${firstEvent + events - 1}`, outputHash.slice(0, 16)],
      ...[host, lease, clean(capsule), reportedOn],
    ]),
  );
  const header = ['unit', 'events', 'output', 'host', 'lease', 'capsule', 'reported'];
  return table(header, rows, ['left', 'right', 'left', 'left', 'left', 'left', 'left']);
}
