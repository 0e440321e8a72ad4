/** The engine does not know our token: the link is from an earlier start, or cut. */
export class TokenRefused extends Error {
  constructor() {
    super('The engine does not accept the key in this link.');
    this.name = 'TokenRefused';
  }
}

/** Nobody answers at the engine's address. */
export class EngineUnreachable extends Error {
  constructor(cause: unknown) {
    super('The engine does not answer.', { cause });
    this.name = 'EngineUnreachable';
  }
}

/** The engine answered with an error; `message` is its own, written for a person. */
export class RequestRefused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = 'RequestRefused';
    this.status = status;
  }
}

/** The answer does not fit the protocol this page was built with. */
export class ProtocolMismatch extends Error {
  constructor(cause: unknown) {
    super('This page and the engine are of different versions.', { cause });
    this.name = 'ProtocolMismatch';
  }
}
