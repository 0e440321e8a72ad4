/** From where to where a bar of a chart reaches, in pixels. */
export interface Place {
  readonly left: number;
  readonly right: number;
}

/** The bar at a horizontal place; beyond the last the last. */
export function placeAt(places: readonly Place[], at: number): number {
  const index = places.findIndex(({ right }) => at < right);
  return index < 0 ? places.length - 1 : index;
}
