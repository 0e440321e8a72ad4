import { describe, expect, test } from 'vitest';
import { clientAddress } from './api/client-address.ts';
import { proxyTest, ServerConfig, settingsOfEnvironment } from './config.ts';

test('variables carry every setting', () => {
  expect(
    settingsOfEnvironment({
      BEAMTIME_SERVER_NAME: '007',
      BEAMTIME_SERVER_PORT: '8080',
      BEAMTIME_SERVER_PUBLIC_URL: 'https://lep.example.org',
      BEAMTIME_SERVER_TRUSTED_PROXIES: '127.0.0.1, fd00::/8',
      BEAMTIME_LOG: 'debug',
      BEAMTIME_DATA: '/elsewhere',
    }),
  ).toEqual({
    name: '007',
    port: 8080,
    publicUrl: 'https://lep.example.org',
    trustedProxies: ['127.0.0.1', 'fd00::/8'],
    logLevel: 'debug',
  });
});

test.each([
  [{ BEAMTIME_SERVER_PORT: 'http' }, /^BEAMTIME_SERVER_PORT: .*\(it is "http"\)$/],
  [{ BEAMTIME_SERVER_PORT: '70000' }, /^BEAMTIME_SERVER_PORT: .*65535/],
  [{ BEAMTIME_SERVER_PUBLIC_URL: 'lep.example.org' }, /^BEAMTIME_SERVER_PUBLIC_URL: /],
  [{ BEAMTIME_SERVER_PUBLIC_URL: 'https://example.org/lep' }, /the API has its own paths/],
  [{ BEAMTIME_SERVER_TRUSTED_PROXIES: '10.0.0.0/33' }, /^BEAMTIME_SERVER_TRUSTED_PROXIES: is no address/],
  [{ BEAMTIME_SERVER_TRUSTED_PROXIES: 'proxy' }, /^BEAMTIME_SERVER_TRUSTED_PROXIES: is no address/],
  [{ BEAMTIME_LOG: 'loud' }, /^BEAMTIME_LOG: /],
  [{ BEAMTIME_SERVER_PROT: '1' }, /^BEAMTIME_SERVER_PROT is not a variable of a project server; there are /],
])('%j is refused with its name', (env, message) => {
  expect(() => settingsOfEnvironment(env)).toThrow(message);
});

test('an empty file is a configuration', () => {
  expect(ServerConfig.parse({})).toEqual({});
});

describe('whom a request comes from', () => {
  const isProxy = proxyTest(['127.0.0.1', '10.0.0.0/8', 'fd00::/8']);
  test.each([
    ['192.0.2.1', undefined, '192.0.2.1'],
    ['192.0.2.1', '198.51.100.7', '192.0.2.1'],
    ['127.0.0.1', undefined, '127.0.0.1'],
    ['127.0.0.1', '198.51.100.7', '198.51.100.7'],
    ['::ffff:127.0.0.1', '198.51.100.7', '198.51.100.7'],
    ['127.0.0.1', '203.0.113.9, 198.51.100.7', '198.51.100.7'],
    ['127.0.0.1', '203.0.113.9, 198.51.100.7, 10.1.2.3', '198.51.100.7'],
    ['fd00::1', '2001:db8::1', '2001:db8::1'],
    ['127.0.0.1', '', '127.0.0.1'],
    ['127.0.0.1', '10.1.1.1', '10.1.1.1'],
  ])('%s, forwarded for %s: %s', (peer, header, address) => {
    expect(clientAddress(peer, header, isProxy)).toBe(address);
  });
});
