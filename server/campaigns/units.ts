/** What of a campaign decides how it is cut. */
export interface Cut {
  readonly points: number;
  /** Events for each point. */
  readonly events: number;
  readonly eventsPerUnit: number;
  /** How many events a point had each time the campaign was extended, ascending. */
  readonly extendedFrom?: readonly number[];
}

export interface UnitRange {
  readonly pointIndex: number;
  readonly firstEvent: number;
  readonly events: number;
}

/**
 * What units are counted in: pieces of `eventsPerUnit`, the last of a stretch shorter. A unit is one of them, or where units
 * are cut to their hosts (dispatch/pace.ts) several that follow each other; so counts are exact however it was cut.
 */
export function portionsOf(events: number, eventsPerUnit: number): number {
  return Math.max(1, Math.ceil(events / eventsPerUnit));
}

/** Events of a point that are cut together: what a campaign began with, then what each extension added. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly units: number;
}

function stretches({ events, eventsPerUnit, extendedFrom = [] }: Cut): Stretch[] {
  const ends = [...extendedFrom, events];
  return ends.map((to, i) => {
    const from = ends[i - 1] ?? 0;
    return { from, to, units: Math.ceil((to - from) / eventsPerUnit) };
  });
}

export function unitsPerPoint(cut: Cut): number {
  return stretches(cut).reduce((sum, { units }) => sum + units, 0);
}

export function unitCount(cut: Cut): number {
  return cut.points * unitsPerPoint(cut);
}

/**
 * The n-th work unit (0 ...). The points take turns, so that all of a scan fills up together; event ranges
 * within a point neither overlap nor leave gaps. Extending a campaign leaves all units it had as they were.
 */
export function unitRange(cut: Cut, n: number): UnitRange {
  if (!(n >= 0 && n < unitCount(cut))) throw new RangeError(`no work unit ${n} in this campaign`);
  return unitOfPoint(cut, n % cut.points, Math.floor(n / cut.points));
}

/**
 * The n-th work unit (0 ...) of a point.
 * @param portions so many of them in one, as far as they were cut together
 */
export function unitOfPoint(cut: Cut, pointIndex: number, n: number, portions = 1): UnitRange {
  let row = n;
  for (const { from, to, units } of stretches(cut)) {
    if (row < units) {
      const firstEvent = from + row * cut.eventsPerUnit;
      return { pointIndex, firstEvent, events: Math.min(portions * cut.eventsPerUnit, to - firstEvent) };
    }
    row -= units;
  }
  throw new RangeError(`point ${pointIndex} has no work unit ${n}`);
}

/**
 * Random numbers are a function of (seed, event). One seed a point and one event number once a point: no pair
 * comes twice in a campaign. Campaigns that must be independent at equal parameters choose seeds apart.
 */
export function pointSeed(campaignSeed: number, pointIndex: number): number {
  return campaignSeed + pointIndex;
}
