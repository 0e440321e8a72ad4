import { startedAt } from '../../platform/processes.ts';

/** Another one each time this computer is started; "" where that cannot be told. */
export function bootIdentity(): string {
  return startedAt(process.pid).split('/')[0] ?? '';
}
