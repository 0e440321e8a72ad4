import type { Page } from 'playwright-core';

export const NAMES = ['home', 'contribution', 'projects', 'preferences', 'health'] as const;
export type Name = (typeof NAMES)[number];
export const WIDTHS = [360, 800, 1440, 3840] as const;
export const SCHEMES = ['light', 'dark'] as const;

/** Goes to a page by its address and waits until nothing of it is still being fetched. */
export async function show(page: Page, name: Name): Promise<void> {
  await page.evaluate((to) => {
    location.hash = `#/${to}`;
  }, name);
  await page.locator(`nav a[href="#/${name}"][aria-current="page"]`).waitFor();
  await page.locator('main h1').first().waitFor();
  await page.waitForFunction(() => document.querySelector('main [aria-busy="true"]') === null);
}
