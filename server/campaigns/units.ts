/** What of a campaign decides how it is cut. */
export interface Cut {
  readonly points: number;
  /** Events for each point. */
  readonly events: number;
  readonly eventsPerUnit: number;
}

export interface UnitRange {
  readonly pointIndex: number;
  readonly firstEvent: number;
  readonly events: number;
}

export function unitsPerPoint(cut: Cut): number {
  return Math.ceil(cut.events / cut.eventsPerUnit);
}

export function unitCount(cut: Cut): number {
  return cut.points * unitsPerPoint(cut);
}

/**
 * The n-th work unit (0 ...). The points take turns, so that all of a scan fills up together; event ranges
 * within a point neither overlap nor leave gaps.
 */
export function unitRange(cut: Cut, n: number): UnitRange {
  if (!(n >= 0 && n < unitCount(cut))) throw new RangeError(`no work unit ${n} in this campaign`);
  return unitOfPoint(cut, n % cut.points, Math.floor(n / cut.points));
}

/** The n-th work unit (0 ...) of a point. */
export function unitOfPoint(cut: Cut, pointIndex: number, n: number): UnitRange {
  const firstEvent = n * cut.eventsPerUnit;
  return { pointIndex, firstEvent, events: Math.min(cut.eventsPerUnit, cut.events - firstEvent) };
}

/**
 * Random numbers are a function of (seed, event). One seed a point and one event number once a point: no pair
 * comes twice in a campaign. Campaigns that must be independent at equal parameters choose seeds apart.
 */
export function pointSeed(campaignSeed: number, pointIndex: number): number {
  return campaignSeed + pointIndex;
}
