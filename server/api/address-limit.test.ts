import { expect, test } from 'vitest';
import { AddressLimit } from './address-limit.ts';

test.each([
  ['192.0.2.1', '192.0.2.1', true],
  ['192.0.2.1', '192.0.2.2', false],
  ['::ffff:192.0.2.1', '192.0.2.1', true],
  ['2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff', true],
  ['2001:db8:1:2::1', '2001:0DB8:1:2::9', true],
  ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
  ['2001:db8::1', '2001:db8:0:0:5::', true],
  ['fe80::1%eth0', 'fe80::2%eth1', true],
  ['::1', '2001:db8::1', false],
  ['', '192.0.2.1', false],
])('%s and %s have one limit: %s', (one, other, together) => {
  const limit = new AddressLimit({ atOnce: 1, perSecond: 1 });
  expect(limit.take(one, 0)).toBe(0);
  expect(limit.wait(one, 0)).toBe(1);
  expect(limit.wait(other, 0)).toBe(together ? 1 : 0);
});

test('looking takes nothing', () => {
  const limit = new AddressLimit({ atOnce: 2, perSecond: 0.5 });
  for (let i = 0; i < 5; i++) expect(limit.wait('a', 0)).toBe(0);
  expect([limit.take('a', 0), limit.take('a', 0), limit.take('a', 0)]).toEqual([0, 0, 2]);
  expect(limit.wait('a', 1000)).toBe(1);
  expect(limit.wait('a', 2000)).toBe(0);
});
