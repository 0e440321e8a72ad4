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

/** JSON lines on stderr (stdout is for results). BEAMTIME_LOG sets the level; default info. */
export function makeLogger(name: string, destination: string | number = 2): Logger {
  return pino(
    { name, level: process.env.BEAMTIME_LOG ?? 'info', redact: { paths: SECRETS, censor: '(secret)' } },
    pino.destination({ dest: destination, sync: true, mkdir: true }),
  );
}
