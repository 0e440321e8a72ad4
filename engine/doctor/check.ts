import type { DoctorAction, DoctorAdvice, DoctorCheck, DoctorFinding } from '../../protocol/engine-api.ts';
import type { Preferences } from '../../protocol/preferences.ts';
import type { Clock } from '../clock.ts';
import type { EngineFiles } from '../filenames.ts';
import type { Notice } from '../notices.ts';
import type { Membership } from '../project/membership.ts';
import type { Said, Values } from './words.ts';

/** What the checks look at. */
export interface DoctorContext {
  readonly files: EngineFiles;
  readonly preferences: Preferences;
  /** The projects joined. */
  readonly memberships: readonly Membership[];
  /** Files that were damaged when the engine started, and where they were put. */
  readonly notices: readonly Notice[];
  readonly clock: Clock;
}

/** What a check has found, in codes; words.ts says it. */
export interface Finding {
  readonly state: DoctorCheck['state'];
  readonly findings: readonly Said<DoctorFinding>[];
  readonly advice: readonly Said<DoctorAdvice>[];
  readonly action: DoctorAction | null;
}

export interface Check {
  readonly name: string;
  readonly title: string;
  run(context: DoctorContext): Promise<Finding>;
}

export const found = (code: DoctorFinding, values: Values = {}): Said<DoctorFinding> => ({ code, values });
export const advise = (code: DoctorAdvice, values: Values = {}): Said<DoctorAdvice> => ({ code, values });

type Some<Code extends string> = Said<Code> | readonly Said<Code>[];
const all = <Code extends string>(some: Some<Code>): readonly Said<Code>[] =>
  'code' in some ? [some] : some;

export const ok = (findings: Some<DoctorFinding>): Finding => ({
  ...{ state: 'ok', findings: all(findings), advice: [], action: null },
});
export const warning = (
  findings: Some<DoctorFinding>,
  advice: Some<DoctorAdvice>,
  action: DoctorAction | null = null,
): Finding => ({ state: 'warning', findings: all(findings), advice: all(advice), action });
export const problem = (
  findings: Some<DoctorFinding>,
  advice: Some<DoctorAdvice>,
  action: DoctorAction | null = null,
): Finding => ({ state: 'problem', findings: all(findings), advice: all(advice), action });

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
