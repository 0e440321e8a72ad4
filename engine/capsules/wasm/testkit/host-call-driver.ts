import type { DriverModule } from '../../capsule.contract.ts';
import { wasmDriver } from '../index.ts';

/** Paused at host calls, as on Windows. */
export const makeDriver: DriverModule['makeDriver'] = ({ log }) => wasmDriver({ log, pausing: 'host-call' });
