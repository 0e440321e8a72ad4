import { type Logger, pino } from 'pino';

export type { Logger };

/** What must never reach a log, wherever it stands in an object. */
const SECRETS = [
  'token',
  '*.token',
  'authorization',
  '*.authorization',
  'headers.authorization',
  '*.staffToken',
];

/** Kept while the log cannot be written (the disk is full); what comes after that is lost. */
const HELD_BYTES = 1_000_000;

/**
 * JSON lines on stderr (stdout is for results). Where no level is said BEAMTIME_LOG sets it; default info. A log that cannot be
 * written is never a reason for anything to fail.
 */
export function makeLogger(
  name: string,
  destination: string | number = 2,
  level = process.env.BEAMTIME_LOG ?? 'info',
): Logger {
  const lines = pino.destination({ dest: destination, sync: true, mkdir: true, maxLength: HELD_BYTES });
  lines.on('error', () => {});
  return pino({ name, level, redact: { paths: SECRETS, censor: '(secret)' } }, lines);
}
