import type { DriverModule } from '../../capsule.contract.ts';
import { wasmDriver } from '../index.ts';

/** Paused by a signal, as everywhere but on Windows. */
export const makeDriver: DriverModule['makeDriver'] = ({ log }) => wasmDriver({ log, pausing: 'signal' });
