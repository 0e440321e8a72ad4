/** What engine and shell use of today's Node and the Electron of the tests (Node 18) lacks. Does nothing where it is there. */
import diagnostics from 'node:diagnostics_channel';

if (!('any' in AbortSignal)) {
  Object.defineProperty(AbortSignal, 'any', {
    value: (signals: readonly AbortSignal[]): AbortSignal => {
      const all = new AbortController();
      const over = signals.find((signal) => signal.aborted);
      if (over) all.abort(over.reason);
      else
        for (const signal of signals)
          signal.addEventListener('abort', () => all.abort(signal.reason), {
            once: true,
            signal: all.signal,
          });
      return all.signal;
    },
  });
}

// The log asks whether anybody traces it: nobody does.
if (!('tracingChannel' in diagnostics)) {
  Object.assign(diagnostics, { tracingChannel: () => ({ hasSubscribers: false }) });
}
