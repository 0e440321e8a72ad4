import { expect, test } from 'vitest';
import { addressBlock, networkHash } from './network.ts';

test.each([
  ['192.0.2.17', '192.0.2'],
  ['::ffff:192.0.2.17', '192.0.2'],
  ['127.0.0.1', null],
  ['::1', null],
  ['2001:db8:7:1::5', '2001:db8:7'],
  ['2001:0db8:0007:ffff:1:2:3:4', '2001:db8:7'],
  ['2001:db8::5', '2001:db8:0'],
  ['2001::', '2001:0:0'],
  ['::5:6', '0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0'],
  ['64:ff9b::192.0.2.33', '64:ff9b:0'],
  ['', null],
  ['somewhere', null],
])('%s is of block %s', (address, block) => {
  expect(addressBlock(address)).toBe(block);
});

test('its hash tells neighbours, is keyed, and does not hold the address', () => {
  const [key, other] = [Buffer.from('a'), Buffer.from('b')];
  expect(networkHash('192.0.2.1', key)).toBe(networkHash('192.0.2.200', key));
  expect(networkHash('192.0.2.1', key)).not.toBe(networkHash('192.0.3.1', key));
  expect(networkHash('192.0.2.1', key)).not.toBe(networkHash('192.0.2.1', other));
  expect(networkHash('192.0.2.1', key)).toMatch(/^[\w-]{22}$/);
  expect(networkHash('127.0.0.1', key)).toBeNull();
});
