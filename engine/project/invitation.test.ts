import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvitationError } from './errors.ts';
import { parseInvitation } from './invitation.ts';

const KEY = '0123456789abcdef0123456789abcdef';

test.each([
  [`beamtime://join?url=${encodeURIComponent('http://127.0.0.1:8080')}&key=${KEY}`, 'http://127.0.0.1:8080'],
  [`beamtime://join/?url=https%3A%2F%2Fp.example%2Flhc%2F&key=${KEY.toUpperCase()}`, 'https://p.example/lhc'],
  [`beamtime:join?url=https%3A%2F%2Fp.example&key=${KEY}`, 'https://p.example'],
  [`  http://127.0.0.1:9000/#key=${KEY}\n`, 'http://127.0.0.1:9000'],
  [`https://p.example/#key=${KEY}`, 'https://p.example'],
])('%s', (text, url) => {
  expect(parseInvitation(text)).toEqual({ url, keyFingerprint: KEY, softwareFingerprint: null, code: null });
});

test.each([
  ['', 'invitation', /empty/],
  ['hello', 'invitation', /not an address/],
  ['beamtime://leave?x=1', 'invitation', /"leave"/],
  ['ftp://p.example/#key=1', 'invitation', /"ftp:"/],
  [`beamtime://join?key=${KEY}`, 'url', /names no project/],
  [`beamtime://join?url=nothing&key=${KEY}`, 'url', /"nothing"/],
  [`beamtime://join?url=file%3A%2F%2F%2Fetc&key=${KEY}`, 'url', /"file:"/],
  [`https://me:secret@p.example/#key=${KEY}`, 'url', /password/],
  [`https://p.example/?a=1#key=${KEY}`, 'url', /query/],
  ['https://p.example/', 'key', /no key/],
  ['https://p.example/#key=0123', 'key', /has 4 characters/],
  [`https://p.example/#key=${KEY}&code=short`, 'code', /no code/],
  [`beamtime://join?url=https%3A%2F%2Fp.example&key=${KEY}0`, 'key', /33 characters/],
  [`https://p.example/#key=${KEY}&software=`, 'software', /has 0 characters/],
] as const)('%j is refused at "%s"', (text, place, words) => {
  const error = (() => {
    try {
      return parseInvitation(text);
    } catch (thrown) {
      return thrown;
    }
  })();
  expect(error).toBeInstanceOf(InvitationError);
  expect(error).toMatchObject({ place, message: expect.stringMatching(words) });
});

test.each([
  `beamtime://join?url=https%3A%2F%2Fp.example&key=${KEY}&software=${KEY.toUpperCase()}`,
  `https://p.example/#key=${KEY}&software=${KEY}`,
])('%s names the master key of the software too', (text) => {
  expect(parseInvitation(text)).toEqual({
    ...{ url: 'https://p.example', keyFingerprint: KEY, softwareFingerprint: KEY, code: null },
  });
});

test('the code of an invitation with limits is read', () => {
  const code = 'abcdefghij_-0123456X';
  expect(parseInvitation(`https://p.example/#key=${KEY}&code=${code}`)).toMatchObject({ code });
});

test('whatever is pasted gives an invitation or an InvitationError', () => {
  const pasted = fc.oneof(
    fc.string(),
    fc.webUrl({ withFragments: true, withQueryParameters: true }),
    fc.string().map((text) => `beamtime://join?${text}`),
    fc.string().map((text) => `beamtime://join?url=${text}&key=${KEY}`),
  );
  fc.assert(
    fc.property(pasted, (text) => {
      try {
        const { url, keyFingerprint } = parseInvitation(text);
        return /^https?:\/\//.test(url) && /^[0-9a-f]{32}$/.test(keyFingerprint);
      } catch (error) {
        return error instanceof InvitationError && error.message.length < 500;
      }
    }),
  );
});

describe('a .beamtime file', () => {
  const text = `beamtime://join?url=https%3A%2F%2Fproject.example&key=${'0123456789abcdef'.repeat(2)}`;
  const read = {
    ...{ url: 'https://project.example', keyFingerprint: '0123456789abcdef'.repeat(2) },
    softwareFingerprint: null,
    code: null,
  };

  test.each([
    `${text}\n`,
    `\uFEFF${text}\r\n`,
    JSON.stringify({ invitation: text }),
    `\uFEFF${JSON.stringify({ invitation: ` ${text} `, name: 'more' }, null, 2)}\n`,
  ])('%j', (content) => {
    expect(parseInvitation(content)).toEqual(read);
  });

  test.each(['{', '{}', '{"invitation": 5}', '{"invitation": "{}"}'])('that is none: %s', (content) => {
    expect(() => parseInvitation(content)).toThrow(InvitationError);
  });
});
