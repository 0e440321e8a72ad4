import type { ContentHash } from '../format/hashes.ts';

/** What a server sent is not believed. Another server may do better, so reading goes on there. */
export class Refusal extends Error {
  override readonly name: string = 'Refusal';
}

export class WhitelistUntrusted extends Refusal {
  override readonly name = 'WhitelistUntrusted';
  constructor(repository: string) {
    super(`the whitelist of ${repository} is signed by none of the master keys that are trusted`);
  }
}

export class WhitelistExpired extends Refusal {
  override readonly name = 'WhitelistExpired';
  constructor(repository: string, expiresAt: number) {
    super(
      `the whitelist of ${repository} ran out on ${new Date(expiresAt * 1000).toISOString()}; its owner must sign it anew`,
    );
  }
}

export class WrongRepository extends Refusal {
  override readonly name = 'WrongRepository';
  constructor(part: 'whitelist' | 'manifest', wanted: string, found: string | undefined) {
    super(`the ${part} is of ${found ?? 'no repository'}, not of ${wanted}`);
  }
}

export class CertificateNotListed extends Refusal {
  override readonly name = 'CertificateNotListed';
  constructor(repository: string) {
    super(`the certificate that signs ${repository} is not on its whitelist`);
  }
}

export class CertificateBlacklisted extends Refusal {
  override readonly name = 'CertificateBlacklisted';
  constructor(fingerprint: ContentHash) {
    super(`the certificate ${fingerprint} is on this computer’s blacklist`);
  }
}

export class ManifestUnsigned extends Refusal {
  override readonly name = 'ManifestUnsigned';
  constructor(repository: string) {
    super(`the manifest of ${repository} is not signed by its certificate`);
  }
}

/** A stale mirror, or somebody who would have old faults back. */
export class RevisionTooOld extends Refusal {
  override readonly name = 'RevisionTooOld';
  constructor(repository: string, found: number, seen: number) {
    super(`revision ${found} of ${repository} is older than revision ${seen}, which was seen here before`);
  }
}

export class RevisionBlacklisted extends Refusal {
  override readonly name = 'RevisionBlacklisted';
  constructor(repository: string, found: number, least: number) {
    super(
      `revision ${found} of ${repository} is on this computer’s blacklist, which wants ${least} or newer`,
    );
  }
}

export class ObjectCorrupt extends Refusal {
  override readonly name = 'ObjectCorrupt';
  constructor(hash: ContentHash, reason: string, options?: ErrorOptions) {
    super(`the object ${hash} is not what its name says: ${reason}`, options);
  }
}

export class ObjectTooLarge extends Refusal {
  override readonly name = 'ObjectTooLarge';
  constructor(what: string, mostBytes: number) {
    super(`${what} is larger than the ${mostBytes} bytes it may have`);
  }
}

/** No server gave what was asked for; nobody can be reached, or none has it. */
export class NoServer extends Error {
  override readonly name = 'NoServer';
  constructor(what: string, reasons: readonly string[]) {
    super(`${what}: ${reasons.length === 0 ? 'no network allowed, and not here' : reasons.join('; ')}`);
  }
}

/** The setting, not a proxy. */
export class ProxiesInvalid extends Error {
  override readonly name = 'ProxiesInvalid';
}

export class NoSuchTag extends Error {
  override readonly name = 'NoSuchTag';
  constructor(repository: string, wanted: string) {
    super(`${repository} has no revision ${wanted}`);
  }
}

/** The cache on this computer cannot take what it should. */
export class CacheFault extends Error {
  override readonly name = 'CacheFault';
  readonly full: boolean;
  constructor(reason: string, full: boolean, options?: ErrorOptions) {
    super(`the cache for software ${reason}`, options);
    this.full = full;
  }
}

export type PathProblem = 'ENOENT' | 'ENOTDIR' | 'EISDIR' | 'EINVAL' | 'EOPNOTSUPP';

/** The path is not what was asked for. */
export class PathError extends Error {
  override readonly name = 'PathError';
  readonly errno: PathProblem;
  constructor(errno: PathProblem, path: string) {
    super(`${errno}: ${Buffer.from(path, 'latin1').toString('utf8') || '/'}`);
    this.errno = errno;
  }
}
