/** A host with nothing to do asks again after about this long, when the project is small. */
const SHORTEST_SECONDS = 4;
const LONGEST_SECONDS = 900;
/** Asking for work in vain must not cost the server more than this, however many hosts wait. */
const IDLE_REQUESTS_PER_SECOND = 50;

/**
 * When a host may ask again. Hosts that got what they wanted come when they need more; those left wanting are
 * spread evenly, so that a campaign's start or a server's return meets no thundering herd.
 * @param waitingHosts how many hosts asked in vain lately
 * @param random uniform in [0, 1)
 */
export function retryAfterSeconds(given: number, want: number, waitingHosts: number, random: number): number {
  if (given >= want) return 0;
  const mean = Math.min(
    LONGEST_SECONDS / 1.5,
    Math.max(SHORTEST_SECONDS, waitingHosts / IDLE_REQUESTS_PER_SECOND),
  );
  return Math.round(mean * (0.5 + random) * 1000) / 1000;
}
