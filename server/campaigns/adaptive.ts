import { type Cut, portionsOf, type UnitRange, unitOfPoint, unitsPerPoint } from './units.ts';

/**
 * How a campaign with `adaptive` spends its events. Each point begins with a few units. What comes back tells its error, and with it how many
 * events it needs: the error falls with the root of their number. Units are cut for the point first whose error will be the largest once all
 * that it has are back. A point wants more until its error is small enough or it has all the events that a point may have.
 */

/** Of each point before anything is known of it: one that stays away then holds nothing up. */
export const PILOT_UNITS = 2;

export interface PointStanding {
  /** Cut so far, whatever has become of them. */
  readonly unitsMade: number;
  /** Of these, not decided yet. */
  readonly unitsOpen: number;
  readonly eventsValid: number;
  /** Of what is merged; null: nothing is known yet. */
  readonly relativeError: number | null;
}

/** How many units a point is to have in all, as far as one can tell by now. */
export function unitsWanted(point: PointStanding, precision: number, cut: Cut): number {
  const { unitsMade, unitsOpen, eventsValid, relativeError } = point;
  const missing = () => {
    if (relativeError === null) return PILOT_UNITS;
    if (relativeError <= precision) return 0;
    // One more than a whole number of units: it is to be reached, not only approached.
    return Math.floor((eventsValid * ((relativeError / precision) ** 2 - 1)) / cut.eventsPerUnit) + 1;
  };
  return Math.min(unitsPerPoint(cut), unitsMade + Math.max(0, missing() - unitsOpen));
}

/** A point that wants more units than it has. */
export interface Hungry {
  readonly index: number;
  readonly unitsMade: number;
  readonly unitsWanted: number;
  readonly eventsValid: number;
  readonly relativeError: number | null;
}

/** What the error will be once all that is cut is back. */
function expectedError({ unitsMade, eventsValid, relativeError }: Hungry, { eventsPerUnit }: Cut): number {
  if (relativeError === null || unitsMade === 0) return Number.POSITIVE_INFINITY;
  return relativeError * Math.sqrt(eventsValid / (unitsMade * eventsPerUnit));
}

/**
 * The next units of these points, each for the point whose error is then the largest.
 * @param sizes portions of each unit, at most; fewer units where points want no more
 */
export function nextUnits(points: readonly Hungry[], sizes: readonly number[], cut: Cut): UnitRange[] {
  const waiting = points.map((point) => ({ ...point }));
  const units: UnitRange[] = [];
  for (const size of sizes) {
    const [first, ...others] = waiting.filter((point) => point.unitsMade < point.unitsWanted);
    if (!first) break;
    const next = others.reduce((best, point) => (isBefore(point, best, cut) ? point : best), first);
    const unit = unitOfPoint(
      cut,
      next.index,
      next.unitsMade,
      Math.min(size, next.unitsWanted - next.unitsMade),
    );
    units.push(unit);
    next.unitsMade += portionsOf(unit.events, cut.eventsPerUnit);
  }
  return units;
}

/** Of those with errors alike, which have none as long as nothing is known, the one with fewer units. */
function isBefore(a: Hungry, b: Hungry, cut: Cut): boolean {
  const [errorA, errorB] = [expectedError(a, cut), expectedError(b, cut)];
  return errorA === errorB ? a.unitsMade < b.unitsMade : errorA > errorB;
}
