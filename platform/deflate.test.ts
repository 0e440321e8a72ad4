import { expect, test } from 'vitest';
import { deflate, inflate } from './deflate.ts';

test.each([0, 1, 63, 100, 70_000])('%d bytes come back as they were', async (length) => {
  const bytes = Buffer.alloc(length, 'counts');
  const deflated = await deflate(bytes);
  if (deflated) expect(inflate(deflated, length)).toEqual(bytes);
  else expect(length).toBeLessThan(20);
});

test('what would come to more or less than announced, or is damaged, is refused', async () => {
  const bytes = Buffer.alloc(1000, 'counts');
  const deflated = (await deflate(bytes)) ?? Buffer.alloc(0);
  expect(() => inflate(deflated, 999)).toThrow();
  expect(() => inflate(deflated, 10)).toThrow();
  expect(() => inflate(deflated, 1001)).toThrow('unpacked to 1000 bytes');
  expect(() => inflate(deflated.subarray(1), 1000)).toThrow();
});

test('what gains nothing stays as it is', async () => {
  expect(await deflate(Buffer.from('abc'))).toBeNull();
});
