/**
 * The formula (docs/credit.md): microseconds of the reference core that the validated events cost. Rounded
 * once per work unit, so a host's credit is a sum of whole numbers and never depends on the order of adding.
 * @param events validated events of one work unit
 * @param referenceMicrosecondsPerEvent from the signed release, never from a host
 * @throws RangeError where the product is no exact number (the release's limits make that impossible in practice)
 */
export function creditMicroseconds(events: number, referenceMicrosecondsPerEvent: number): number {
  const credit = Math.round(events * referenceMicrosecondsPerEvent);
  if (!Number.isSafeInteger(credit) || credit < 0) {
    throw new RangeError(
      `credit of ${events} events at ${referenceMicrosecondsPerEvent} us each is no exact number`,
    );
  }
  return credit;
}
