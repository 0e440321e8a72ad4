export { type CapsuleUse, CoresMonitor, type CoresOptions, NO_CAPSULES } from './monitor.ts';
export type { Decision } from './policy.ts';
export { isPaused } from './policy.ts';
export { momentOf, type Pause } from './situation.ts';
