import type { Terminal } from '../terminal.ts';
import { clean } from '../terminal.ts';
import { count, parameters } from '../words.ts';
import type { Difference } from './difference.ts';
import type { PointComparison } from './merged.ts';
import type { Program } from './program.ts';
import type { BelievedProject } from './project.ts';
import { isSame, type UnitComparison } from './unit.ts';

/** More of the same tell nothing new; --json has them all. */
const SHOWN = 10;

export function showSource(
  terminal: Terminal,
  project: BelievedProject,
  { release, place, wasmSha256 }: Program,
): void {
  const { name, api, keyFingerprint, software, isInvited } = project;
  const by = isInvited ? 'as the invitation says' : 'as it says itself: give its --invitation to be sure';
  terminal.say(`${terminal.style('bold', clean(name))} at ${clean(api.url)}`);
  terminal.say(`  key ${keyFingerprint}, master key ${software.masterKeyFingerprint}, ${by}`);
  terminal.say(`${clean(release.application)} ${clean(release.version)}, signed by the key`);
  terminal.say(`  tag ${place.tag} of ${place.repository}, root catalog ${place.rootCatalog}`);
  terminal.say(`  WebAssembly program, SHA-256 ${wasmSha256}`);
}

export function showUnit(terminal: Terminal, comparison: UnitComparison): void {
  const { unit, card, outputHash, failed, differing } = comparison;
  const last = card.firstEvent + card.events - 1;
  const word = isSame(comparison) ? 'identical' : terminal.style('red', 'DIFFERS');
  terminal.say(`${unit}, events ${card.firstEvent}-${last} of seed ${card.seed}: ${word}`);
  if (outputHash !== null) terminal.say(`  computed here: output ${outputHash}`);
  if (failed !== null) terminal.say(`  ${clean(failed)}`);
  for (const one of differing) {
    terminal.say(`  the project holds: output ${one.outputHash} (${one.lease} by ${one.host})`);
    for (const { path, held, computed } of one.files)
      terminal.say(`    ${clean(path)}: held ${held ?? 'not at all'}, computed ${computed ?? 'not at all'}`);
    if (one.where !== null) terminal.say(`    ${one.where}`);
    showDifferences(terminal, one.differences, 'held');
  }
}

export function showPoint(terminal: Terminal, campaign: string, point: PointComparison): void {
  const { index, text } = { index: point.point, text: clean(parameters(point.parameters)) };
  terminal.say();
  terminal.say(terminal.style('bold', `${clean(campaign)}, point ${index}${text ? ` (${text})` : ''}`));
  const same = point.units.filter(isSame).length;
  const of = `${count(point.unitsMerged)} merged units, ${count(point.eventsMerged)} events`;
  terminal.say(
    `  ${count(point.units.length)} of ${of} computed again: ${count(same)} identical to what hosts gave`,
  );
  if (point.gap !== null) terminal.say(`  ${terminal.style('red', 'DIFFERS')}: ${point.gap}`);
  const bad = point.units.filter((unit) => !isSame(unit));
  for (const unit of bad.slice(0, SHOWN)) showUnit(terminal, unit);
  if (bad.length > SHOWN) terminal.say(`  and ${count(bad.length - SHOWN)} more units`);
  showSum(terminal, point, bad.length === 0);
}

function showSum(
  terminal: Terminal,
  { sum, differences, unitsLost }: PointComparison,
  isEachSame: boolean,
): void {
  if (sum === 'none') return;
  const bad = terminal.style('red', 'DIFFERS');
  if (unitsLost > 0) {
    terminal.say(`  ${bad}: the project holds the outputs of ${count(unitsLost)} units no longer`);
    return;
  }
  const what = sum === 'computed' ? 'their sum' : 'the sum of all outputs that the project holds';
  if (differences.length === 0) {
    terminal.say(`  ${what} is what is merged, bit by bit`);
    return;
  }
  terminal.say(`  ${bad}: what is merged is not ${what}`);
  if (isEachSame && sum === 'computed')
    terminal.say(
      '  all units are as hosts gave them, so the merged numbers were changed after they were added up',
    );
  showDifferences(terminal, differences, 'merged');
}

function showDifferences(terminal: Terminal, differences: readonly Difference[], held: string): void {
  for (const one of differences.slice(0, SHOWN))
    terminal.say(`    ${one.what}: ${held} ${one.held ?? 'nothing'}, computed ${one.computed ?? 'nothing'}`);
  if (differences.length > SHOWN) terminal.say(`    and ${count(differences.length - SHOWN)} more numbers`);
}
