import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinHepmc, NoHepmc } from './hepmc.ts';

const HEAD = 'HepMC::Version 3.02.05\nHepMC::Asciiv3-START_EVENT_LISTING\nW Weight\nT evgen\\|1\\|E \n';
const END = 'HepMC::Asciiv3-END_EVENT_LISTING\n';
const event = (n: number) => `E ${n} 0 1\nU GEV MM\nP 1 0 11 0 0 1 1 0 4\n`;
const file = (events: readonly number[], head = HEAD) => `${head}${events.map(event).join('')}${END}\n`;

/** Each file in pieces of so many bytes. */
async function joined(files: readonly string[], bytes: number): Promise<string> {
  async function* pieces(text: string) {
    for (let at = 0; at < text.length; at += bytes) yield Buffer.from(text.slice(at, at + bytes));
  }
  async function* all() {
    for (const text of files) yield pieces(text);
  }
  const sent: Uint8Array[] = [];
  for await (const part of joinHepmc(all())) sent.push(part);
  return Buffer.concat(sent).toString();
}

test('events of all files are in one, in their order, however the files come', async () => {
  const files = fc.array(fc.array(fc.nat(1e6), { maxLength: 5 }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(files, fc.integer({ min: 1, max: 200 }), async (drawn, bytes) => {
      const texts = drawn.map((events) => file(events));
      expect(await joined(texts, bytes)).toBe(file(drawn.flat()));
    }),
    { numRuns: 100 },
  );
});

test('of no files comes nothing', async () => {
  expect(await joined([], 9)).toBe('');
});

test.each<[string, string[], string]>([
  ['is cut after an event', [HEAD + event(1)], 'cut'],
  ['is cut in its last line', [file([1]).slice(0, -8)], 'cut'],
  ['goes on after its end', [`${file([1])}${'more\n'.repeat(9)}`], 'cut'],
  ['is something else', [`{}\n${file([1])}`], 'not in the ASCII format'],
  ['is of another run', [file([1]), file([2], HEAD.replace('evgen', 'other'))], 'not of one run'],
  ['has a head without end', [`HepMC::Version 3\n${'W w\n'.repeat(40_000)}`], 'no event'],
])('a file that %s is no part of any', async (_what, files, words) => {
  const join = joined(files, 1000);
  await expect(join).rejects.toThrow(NoHepmc);
  await expect(join).rejects.toThrow(words);
});
