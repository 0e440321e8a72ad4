import { expect, test } from 'vitest';
import { hashPassword, isNobodysPassword, isPassword } from './passwords.ts';

// From the tests of the reference implementation: github.com/P-H-C/phc-winner-argon2, src/test.c
const FOREIGN = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4';

test('a password is known by its hash, which has OWASP’s cost and a salt of its own', async () => {
  const [one, two] = [
    await hashPassword('correct horse battery'),
    await hashPassword('correct horse battery'),
  ];
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(one).not.toBe(two);
  expect(await isPassword('correct horse battery', one)).toBe(true);
  expect(await isPassword('correct horse batterz', one)).toBe(false);
});

test('letters are the same however the keyboard made them', async () => {
  const hash = await hashPassword('schöne grüße euch');
  expect(await isPassword('scho\u0308ne gru\u0308ße euch', hash)).toBe(true);
});

test('a hash of another implementation, with other costs, is read', async () => {
  expect(await isPassword('password', FOREIGN)).toBe(true);
  expect(await isPassword('differentpassword', FOREIGN)).toBe(false);
});

test.each([
  '',
  'x',
  '$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
  '!',
])('nothing is the password of %j', async (phc) => {
  expect(await isPassword('', phc)).toBe(false);
});

test('nobody’s password is never right', async () => {
  expect(await isNobodysPassword('anything at all')).toBe(false);
});
