import { execFile } from 'node:child_process';

/** How one fact is read on this machine. */
export interface Probe<T> {
  readonly everyMs: number;
  /** null: cannot tell just now. */
  read(): Promise<T | null>;
}

/** The first line or lines a small command prints; null when it is missing, fails, or takes over two seconds. */
export function output(command: string, args: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(
      command,
      args,
      { timeout: 2000, maxBuffer: 64 * 1024, env: { ...process.env, LC_ALL: 'C' }, windowsHide: true },
      (error, stdout) => resolve(error ? null : stdout),
    );
  });
}
