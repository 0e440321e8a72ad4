import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { collectGarbage, folderSource, Publisher, publish } from '../publish/index.ts';
import { OTHERS, otherContent } from './loop-content.ts';

/**
 * A process of its own that publishes one revision after another until it is killed: with each, several files in several
 * catalogs say the same number. Arguments: the publisher's folder, the folder to publish, the first number.
 */
const [, , publisherFolder = '', source = '', first = '1'] = process.argv;
const FILES = ['number', 'a/number', 'b/number'];

for (const folder of ['a', 'b']) {
  mkdirSync(join(source, folder), { recursive: true });
  writeFileSync(join(source, folder, '.cvmfscatalog'), '');
}
process.stdout.write('ready\n');
for (let number = Number(first); ; number++) {
  process.stdout.write(`begun ${number}\n`);
  for (const file of FILES) writeFileSync(join(source, file), String(number));
  for (let i = 0; i < OTHERS; i++) writeFileSync(join(source, 'b', `other-${i}`), otherContent(number, i));
  const publisher = await Publisher.open(publisherFolder);
  await publish(publisher, folderSource(source), { threads: 2 });
  process.stdout.write(`done ${number}\n`);
  // Two, so that readers of the one before can end.
  const keep = { revisions: 2, days: 0 };
  await collectGarbage(publisher, keep, { nowSeconds: Math.floor(Date.now() / 1000) + 1 });
  process.stdout.write(`over ${number}\n`);
  await publisher.close();
}
