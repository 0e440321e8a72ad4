// Signs the update feed:  node scripts/electron/sign-feed.mjs PRIVATE-KEY.pem latest*.yml ...
// Writes FILE.sig beside each: the base64 of an Ed25519 signature over the file's bytes. The key is made once with
//   openssl genpkey -algorithm ed25519 -out private.pem && openssl pkey -in private.pem -pubout -out public.pem
import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const [keyFile, ...feeds] = process.argv.slice(2);
if (!keyFile || feeds.length === 0) {
  console.error('usage: node scripts/electron/sign-feed.mjs PRIVATE-KEY.pem FEED.yml ...');
  process.exit(2);
}
const key = createPrivateKey(readFileSync(keyFile));
for (const feed of feeds)
  writeFileSync(`${feed}.sig`, `${sign(null, readFileSync(feed), key).toString('base64')}\n`);
