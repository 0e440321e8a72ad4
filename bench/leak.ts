import { openDesktop } from '../test/electron/testkit/desktop.ts';
import { type Held, Hours } from '../test/electron/testkit/hours.ts';
import type { Bench, Measure } from './measure.ts';

/** History that is kept for minutes is full by then. */
const WARM_MINUTES = 5;
const MINUTES = 30;

/** What the desktop app holds more after half an hour with its window open, compressed to a minute or two. */
export const bench: Bench = {
  name: 'leak',
  async run(say) {
    const desktop = await openDesktop();
    const panel = await desktop.panel();
    try {
      const hours = await Hours.start(desktop);
      try {
        await hours.pass(WARM_MINUTES);
        const before = await hours.held();
        say(`after ${WARM_MINUTES} minutes: ${JSON.stringify(before)}`);
        await hours.pass(MINUTES);
        const after = await hours.held();
        say(`after ${MINUTES} more: ${JSON.stringify(after)}`);
        const more = (key: keyof Held, name: string, unit: string, goal: string): Measure => ({
          ...{ name, unit, goal, value: after[key] - before[key] },
          comparedWith: `${before[key].toPrecision(3)} before`,
        });
        return [
          more('pageHeapMb', 'pageHeapMoreMb', 'MB', '<= 1'),
          more('pageNodes', 'pageNodesMore', 'nodes', '<= 100'),
          more('pageListeners', 'pageListenersMore', 'listeners', '<= 10'),
          more('mainHeapMb', 'mainHeapMoreMb', 'MB', '<= 1'),
          more('handles', 'mainHandlesMore', 'handles', '<= 3'),
        ];
      } finally {
        await hours.end();
      }
    } finally {
      panel.end();
      await desktop.close();
    }
  },
};
