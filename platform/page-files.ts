import { readdirSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

export interface PageFile {
  readonly path: string;
  /** Chromium reads the type of a module strictly. */
  readonly type: string;
}

/**
 * The files of the built pages by the names they are asked for ("/assets/app.js"): exactly those that are in the folder
 * now, so that no path is ever put together from a request. What has no type above is left out.
 */
export function pageFiles(folder: string): Map<string, PageFile> {
  const files = new Map<string, PageFile>();
  const visit = (below: string) => {
    // Not readdir's own `recursive`: below some Electrons is a Node that has none.
    for (const entry of readdirSync(below, { withFileTypes: true })) {
      const path = join(below, entry.name);
      const type = TYPES[extname(entry.name)];
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile() && type)
        files.set(`/${relative(folder, path).split(sep).join('/')}`, { path, type });
    }
  };
  visit(folder);
  return files;
}
