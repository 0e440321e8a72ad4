/** Anything that went wrong between this host and a project. `message` is for a person and says what to do. */
export abstract class ProjectError extends Error {
  /** True when the same request may well succeed later, unchanged. */
  abstract readonly temporary: boolean;
}

/** No answer, a timeout, or the server says it cannot just now (5xx, 429). */
export class ProjectUnreachable extends ProjectError {
  override readonly name = 'ProjectUnreachable';
  readonly temporary = true;
  /** What the server asked for, where it did. */
  readonly retryAfterSeconds: number | null;
  constructor(message: string, retryAfterSeconds: number | null = null, options?: ErrorOptions) {
    super(message, options);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The server understood and said no (4xx). */
export class ProjectRefused extends ProjectError {
  override readonly name = 'ProjectRefused';
  readonly temporary = false;
  readonly status: number;
  readonly code: string;
  readonly place: string | null;
  constructor(status: number, code: string, message: string, place: string | null) {
    super(message);
    this.status = status;
    this.code = code;
    this.place = place;
  }
}

/** The answer is not what the API says: another kind of server, a proxy's page, an incompatible version. */
export class ProjectBadAnswer extends ProjectError {
  override readonly name = 'ProjectBadAnswer';
  /** A captive portal or a server in the middle of an update goes away by itself. */
  readonly temporary = true;
}

/** The server's key is not the one the invitation carries, or a document's signature is not by it. */
export class KeyMismatch extends ProjectError {
  override readonly name = 'KeyMismatch';
  readonly temporary = false;
}

/**
 * What the project's repository gives is not to be believed, or not what the release names. Nothing of it is run; it is
 * looked at again later, for a server that was damaged or attacked is mended one day.
 */
export class SoftwareRefused extends ProjectError {
  override readonly name = 'SoftwareRefused';
  readonly temporary = true;
}

/** The invitation text itself. `place` names the part that is wrong. */
export class InvitationError extends ProjectError {
  override readonly name = 'InvitationError';
  readonly temporary = false;
  readonly place: 'invitation' | 'url' | 'key' | 'software' | 'code';
  constructor(place: InvitationError['place'], message: string, options?: ErrorOptions) {
    super(`${message} (at "${place}")`, options);
    this.place = place;
  }
}
