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
  test('holds after two minutes more what it held after two: page and main process', {
    timeout: 400_000,
  }, async () => {
    await hours.pass(2);
    const before = await hours.held();
    await hours.pass(2);
    const after = await hours.held();
    expect(after.pageNodes - before.pageNodes).toBeLessThan(60);
    expect(after.pageListeners - before.pageListeners).toBeLessThan(10);
    expect(after.handles - before.handles).toBeLessThan(3);
    expect(after.pageHeapMb - before.pageHeapMb).toBeLessThan(0.6);
    expect(after.mainHeapMb - before.mainHeapMb).toBeLessThan(0.6);
  });
});
