import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NO_ELECTRON } from './testkit/app.ts';
import { type Desktop, openDesktop, type Panel } from './testkit/desktop.ts';
import { Hours } from './testkit/hours.ts';

describe.skipIf(NO_ELECTRON)('the window, open for long', () => {
  let desktop: Desktop;
  let panel: Panel;
  let hours: Hours;

  beforeAll(async () => {
    desktop = await openDesktop();
    panel = await desktop.panel();
    hours = await Hours.start(desktop);
  });
  afterAll(async () => {
    await hours?.end();
    panel?.end();
    await desktop?.close();
  });

  // Half an hour: npm run bench -- leak
  test('holds after three minutes more what it held after three: page and main process', {
    timeout: 400_000,
  }, async () => {
    await hours.pass(3);
    const before = await hours.held();
    await hours.pass(3);
    const after = await hours.held();
    expect(after.pageNodes - before.pageNodes).toBeLessThan(60);
    expect(after.pageListeners - before.pageListeners).toBeLessThan(10);
    expect(after.handles - before.handles).toBeLessThan(3);
    // Compiled code and filled caches; half an hour adds no more (npm run bench -- leak).
    expect(after.pageHeapMb - before.pageHeapMb).toBeLessThan(1);
    expect(after.mainHeapMb - before.mainHeapMb).toBeLessThan(1);
  });
});
