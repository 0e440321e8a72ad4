import os from 'node:os';
import type { DoctorCheck, EngineState, LogLine } from '../protocol/engine-api.ts';

export interface ReportInputs {
  readonly state: EngineState;
  readonly checks: readonly DoctorCheck[];
  readonly lines: readonly LogLine[];
  readonly atMs: number;
}

/** Text for a person to send to those who help: what this engine is, does and met. The caller takes secrets out. */
export function reportText({ state, checks, lines, atMs }: ReportInputs): string {
  const { status, projects, capsules, calibrations, contribution } = state;
  return [
    `Beamtime ${state.engineVersion}, ${new Date(atMs).toISOString()}`,
    `${os.type()} ${os.release()} ${os.arch()}, Node ${process.versions.node}, ${status.cores} cores, ${Math.round(os.totalmem() / 1e6)} MB`,
    '',
    `${status.state}: ${status.reason}`,
    `${contribution.unitsValid} units valid, ${contribution.unitsPending} pending, ${contribution.unitsInvalid} invalid`,
    '',
    'Projects',
    ...projects.map(
      ({ name, url, keyFingerprint, connected, share, leaving, message }) =>
        `  ${name} at ${url}, key ${keyFingerprint}, share ${share}${leaving ? ', leaving' : ''}${connected ? '' : ', not reached'}${message ? `: ${message}` : ''}`,
    ),
    '',
    'Capsules',
    ...capsules.map(
      ({ kind, unavailable, accelerator }) => `  ${kind}: ${unavailable ?? accelerator ?? 'ok'}`,
    ),
    ...calibrations.map(
      ({ application, version, eventsPerSecond }) =>
        `  ${application} ${version}: ${JSON.stringify(eventsPerSecond)} events/s`,
    ),
    '',
    'Preferences',
    `  ${JSON.stringify(state.preferences)}`,
    '',
    'Checks',
    ...checks.map(({ state: mark, title, detail }) => `  ${mark}: ${title}: ${detail}`),
    '',
    'Last lines of the log',
    ...lines.map(
      ({ at, level, message, details }) => `  ${at} ${level} ${message} ${JSON.stringify(details)}`,
    ),
    '',
  ].join('\n');
}
