import { Block } from '../../protocol/work-unit.ts';
import type { SimulatedHost } from './host.ts';
import type { Imitation } from './outputs.ts';
import type { BenchProject } from './project.ts';

/**
 * A figure counts only if the work was done: every unit told to be valid is merged exactly once, to the last count,
 * and the hosts' credit is what these units are worth.
 * @param units units of which a valid verdict was given
 * @param credit microseconds acknowledged or later found with the hosts
 */
export async function checkMerged(
  project: BenchProject,
  hosts: readonly SimulatedHost[],
  imitation: Imitation,
  units: ReadonlySet<string>,
  resultsPerUnit: number,
): Promise<void> {
  const { points, unitsValid, eventsValid } = await project.merged();
  const { eventsPerUnit, blockEvents } = project.campaign;
  expectEqual('units merged', unitsValid, units.size);
  expectEqual('events merged', eventsValid, units.size * eventsPerUnit);
  for (const point of points) {
    const card = { seed: 1, firstEvent: 0, events: eventsPerUnit, blockEvents, parameters: point.parameters };
    const blocks = imitation.lines(card).map((line) => Block.parse(JSON.parse(line)));
    for (const [name, counts] of Object.entries(point.histograms)) {
      const expected = counts.map(
        (_, i) =>
          point.unitsValid * blocks.reduce((sum, block) => sum + (block.histograms[name]?.[i] ?? 0), 0),
      );
      expectEqual(`histogram ${name}`, counts.join(), expected.join());
    }
  }
  const standings = await Promise.all(hosts.map((host) => host.standing()));
  const valid = standings.reduce((sum, standing) => sum + standing.results.valid, 0);
  const credit = standings.reduce((sum, standing) => sum + standing.creditMicroseconds, 0);
  expectEqual('results valid', valid, units.size * resultsPerUnit);
  expectEqual('credit', credit, valid * Math.round(eventsPerUnit * REFERENCE_MICROSECONDS_PER_EVENT));
}

/** physics/evgen/release.yaml */
const REFERENCE_MICROSECONDS_PER_EVENT = 40;

function expectEqual(what: string, actual: number | string, expected: number | string): void {
  if (actual !== expected) throw new Error(`${what}: ${actual}, expected ${expected}`);
}
