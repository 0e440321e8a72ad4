/**
 * Aborts with the first of these. AbortSignal.any where there is one: it holds on to nothing. Older Nodes (below some
 * Electrons) have none; there a listener stays on each signal until that aborts.
 */
export function anySignal(...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  const given = signals.filter((signal) => signal !== undefined);
  if (typeof AbortSignal.any === 'function') return AbortSignal.any(given);
  return joined(given);
}

/** For the test: what older Nodes get. */
export function joined(signals: readonly AbortSignal[]): AbortSignal {
  const any = new AbortController();
  for (const signal of signals) {
    const abort = () => any.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true, signal: any.signal });
  }
  return any.signal;
}
