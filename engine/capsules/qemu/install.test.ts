import { expect, test } from 'vitest';
import { howToInstall, parseInstallation } from './install.ts';
import { parseCpuTime } from './usage.ts';

const onLinux = process.platform === 'linux';

test.each([
  [
    'QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\nCopyright',
    '-sandbox on[,obsolete=..]',
    [7, 2],
    onLinux,
  ],
  ['QEMU emulator version 10.1.0\n', 'no seccomp here', [10, 1], false],
  ['something else', '', [0, 0], false],
] as const)('parseInstallation %j', (version, help, numbers, sandbox) => {
  const found = parseInstallation('qemu', version, help);
  expect(found).toEqual({ command: 'qemu', versionText: version.split('\n')[0], version: numbers, sandbox });
});

test('says how to install it', () => {
  expect(howToInstall('darwin')).toContain('brew install qemu');
  expect(howToInstall('linux')).toContain('apt install qemu-system-x86');
});

test.each([
  ['0:00.05', 0.05],
  ['12:34', 754],
  ['01:02:03', 3723],
  ['2-01:00:00', 176_400],
])('parseCpuTime %s', (text, seconds) => {
  expect(parseCpuTime(text)).toBe(seconds);
});
