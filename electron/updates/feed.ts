import { createPublicKey, verify } from 'node:crypto';
import { z } from 'zod';

/** Written beside the bundles by a build that is to update itself; a build without it does not. */
export const UpdateConfig = z.strictObject({
  /** Folder of the feed: latest*.yml, latest*.yml.sig, and the files they name. */
  url: z.url(),
  /** Ed25519, SPKI, PEM. Its other half never leaves whoever releases. */
  publicKey: z.string(),
});
export type UpdateConfig = z.infer<typeof UpdateConfig>;

/** The feed is not what those who release have signed. */
export class FeedNotGenuine extends Error {
  override readonly name = 'FeedNotGenuine';
}

/**
 * Checks a feed's file before a word of it is believed. It names each file by its SHA-512, so the signature over it
 * holds for them too. @throws FeedNotGenuine
 */
export function checkFeed(text: string, signature: string, publicKey: string): void {
  const bytes = Buffer.from(signature.trim(), 'base64');
  if (bytes.length !== 64) throw new FeedNotGenuine('the update feed carries no signature');
  if (!verify(null, Buffer.from(text), createPublicKey(publicKey), bytes))
    throw new FeedNotGenuine('the update feed is not signed by those who make Beamtime');
}
