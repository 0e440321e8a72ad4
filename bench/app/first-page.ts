import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { EngineState } from '../../protocol/engine-api.ts';
import { launchChromium, openPage } from '../../renderer/testkit/browser.ts';
import { startPageEngine } from '../../renderer/testkit/engine.ts';

/**
 * Bytes of all that a browser asks for until the first page is whole, each gzipped by itself; scripts that are imported
 * on the way are among them, pages that are opened later are not.
 * @param folder the built pages
 */
export async function firstPageBytes(folder: string, state: EngineState): Promise<number> {
  const engine = await startPageEngine(state);
  const browser = await launchChromium();
  try {
    const { page } = await openPage(browser);
    const files = new Set<string>();
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      if (!pathname.startsWith('/api/')) files.add(pathname === '/' ? 'index.html' : pathname);
    });
    await page.goto(`${engine.url}/#token=${engine.token}`);
    await page.locator('h1').waitFor();
    await page.evaluate(() => document.fonts.ready);
    const sizes = await Promise.all(
      [...files].map(async (file) => gzipSync(await readFile(join(folder, file))).length),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  } finally {
    await browser.close();
    await engine.close();
  }
}
