/** What the process's exit status says; told in every help text. */
export const EXIT = { done: 0, failed: 1, usage: 2, notRunning: 3, refused: 4 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Something the person can act on: shown as its message alone. */
export class CliError extends Error {
  override readonly name: string = 'CliError';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** The command line itself is wrong. */
export class UsageError extends CliError {
  override readonly name = 'UsageError';
  constructor(message: string, options?: ErrorOptions) {
    super(EXIT.usage, message, options);
  }
}

/** No engine, or no server, answers where one should. */
export class NotRunningError extends CliError {
  override readonly name = 'NotRunningError';
  constructor(message: string, options?: ErrorOptions) {
    super(EXIT.notRunning, message, options);
  }
}

/** The engine, the project or a check of ours says no to what was asked. */
export class RefusedError extends CliError {
  override readonly name = 'RefusedError';
  constructor(message: string, options?: ErrorOptions) {
    super(EXIT.refused, message, options);
  }
}
