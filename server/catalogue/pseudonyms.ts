import { createHmac } from 'node:crypto';
import type { ProjectKey } from '../key.ts';

/**
 * Names for hosts: always the same, and nobody without the project's key can find out whose they are, or by trying all
 * identities, which are small numbers.
 */
export function pseudonyms(key: Pick<ProjectKey, 'derive'>): (hostId: number) => string {
  const secret = key.derive('host pseudonyms');
  return (hostId) => `host-${createHmac('sha256', secret).update(String(hostId)).digest('hex').slice(0, 16)}`;
}
