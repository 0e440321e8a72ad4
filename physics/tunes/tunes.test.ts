import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { Tune, TuneRequest } from '../tune/document.ts';

const at = (name: string) => new URL(name, import.meta.url);
const names = (await readdir(at('.'))).filter((name) => name.endsWith('.yaml'));

test.each(names)('%s has its result, of that very request', async (name) => {
  const request = TuneRequest.parse(parse(await readFile(at(name), 'utf8')));
  const tune = Tune.parse(JSON.parse(await readFile(at(name.replace(/yaml$/, 'json')), 'utf8')));
  expect(tune.provenance.request).toEqual(request);
  expect(tune.provenance.samples).toHaveLength(request.samples);
  // The result lies where it was looked for, and so do all samples.
  for (const { parameters } of [tune, ...tune.provenance.samples])
    for (const [parameter, [low, high]] of Object.entries(request.ranges)) {
      expect(parameters[parameter]).toBeGreaterThanOrEqual(low);
      expect(parameters[parameter]).toBeLessThanOrEqual(high);
    }
});
