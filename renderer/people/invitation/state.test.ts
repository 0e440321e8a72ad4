import { expect, test } from 'vitest';
import type { StaffInvitation } from '../../../protocol/invitation.ts';
import { stateOf } from './state.ts';

const made: StaffInvitation = {
  ...{ id: 'i1', code: 'x'.repeat(20), link: '', label: 'A school', campaigns: null, preferences: {} },
  ...{ mostHosts: 3, hosts: 2, expiresAt: '2026-12-01T00:00:00.000Z', revoked: false },
};
const now = new Date('2026-11-30T23:59:59.999Z');

test.each([
  ['open', {}, now],
  ['open', { mostHosts: null, expiresAt: null, hosts: 1e6 }, now],
  ['full', { hosts: 3 }, now],
  ['ended', {}, new Date('2026-12-01T00:00:00.000Z')],
  ['ended', { hosts: 3 }, new Date('2027-01-01T00:00:00.000Z')],
  ['revoked', { revoked: true, hosts: 3 }, now],
] as const)('is %s with %j', (state, change, at) => {
  expect(stateOf({ ...made, ...change }, at)).toBe(state);
});
