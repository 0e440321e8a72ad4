/** Why nothing was published: what is there stays as it is. The message is for the person who publishes. */
export class PublishError extends Error {
  override readonly name: string = 'PublishError';
}

/** The folder of a publisher or of a repository is not one, or is one already. */
export class WrongPlace extends PublishError {
  override readonly name = 'WrongPlace';
}

/** The published repository is not what it should be. */
export class RepositoryDamaged extends PublishError {
  override readonly name = 'RepositoryDamaged';
}

/** What should be published cannot be read, or cannot be stored in this format. */
export class SourceFault extends PublishError {
  override readonly name = 'SourceFault';
}

/** Disk full, no permission, no such device. */
export class StoreFault extends PublishError {
  override readonly name = 'StoreFault';
}

export class UnknownTag extends PublishError {
  override readonly name = 'UnknownTag';
  constructor(tag: string, known: readonly string[]) {
    super(
      `there is no tag "${tag}"; ${known.length === 0 ? 'there are none' : `there are ${known.join(', ')}`}`,
    );
  }
}

export class Stopped extends PublishError {
  override readonly name = 'Stopped';
  constructor() {
    super('stopped; the repository is as it was');
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the disk can only be read',
  ENOENT: 'it is not there',
  EIO: 'the disk does not work',
  ELOOP: 'it became a link',
};

/** @returns the error of a system call in words; anything else as it is */
export function inWords(error: unknown, what: string, kind: typeof SourceFault | typeof StoreFault): unknown {
  if (error instanceof PublishError || !(error instanceof Error)) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined || !/^E[A-Z0-9]+$/.test(code)) return error;
  return new kind(`${what}: ${WORDS[code] ?? error.message}`, { cause: error });
}
