import { describe, expect, it } from 'vitest';
import { buildQemuArgs, type QemuConfig, type QemuFeatures } from './args.ts';

const boot: QemuConfig = {
  name: 'beamtime-1',
  accelerator: 'tcg',
  memoryMb: 128,
  memoryPath: '/data/a,b/ram',
  start: { kernelPath: '/k', initrdPath: '/i' },
};
const restore: QemuConfig = { ...boot, start: 'incoming' };
const debian12: QemuFeatures = { version: [7, 2], sandbox: true };

const table: [string, QemuConfig, QemuFeatures, string[], string[]][] = [
  [
    'a template writes its memory file',
    boot,
    debian12,
    ['-kernel /k', '-initrd /i', 'size=128M', 'share=on', 'mem-path=/data/a,,b/ram'],
    ['-incoming'],
  ],
  [
    'a restored machine maps it privately',
    restore,
    debian12,
    ['share=off', '-incoming defer'],
    ['-kernel', 'readonly'],
  ],
  ['newer QEMU maps it read-only', restore, { version: [8, 2], sandbox: true }, ['readonly=on,rom=off'], []],
  ['also the next major version', restore, { version: [10, 0], sandbox: true }, ['readonly=on,rom=off'], []],
  ['8.1 cannot', restore, { version: [8, 1], sandbox: true }, ['share=off'], ['readonly']],
  ['the template stays writable there', boot, { version: [9, 0], sandbox: true }, ['share=on'], ['readonly']],
  ['TCG has a small translation buffer', boot, debian12, ['-accel tcg,tb-size=64'], []],
  ['KVM has none', { ...boot, accelerator: 'kvm' }, debian12, ['-accel kvm'], ['tb-size']],
  ['HVF', { ...boot, accelerator: 'hvf' }, { version: [9, 0], sandbox: false }, ['-accel hvf'], ['-sandbox']],
  [
    'the sandbox denies all it can',
    restore,
    debian12,
    ['-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
    [],
  ],
  [
    'the network is closed but for the two 9P ports',
    restore,
    debian12,
    [
      'restrict=on,ipv6=off,guestfwd=tcp:10.0.2.100:5640-chardev:software,guestfwd=tcp:10.0.2.100:5641-chardev:tree',
    ],
    ['hostfwd', 'restrict=off'],
  ],
  ['the test of the test opens it', { ...boot, restrictNetwork: false }, debian12, ['restrict=off'], []],
  ['nothing comes by default', boot, debian12, ['-nodefaults', '-no-user-config', '-display none'], []],
  [
    'the processor is named',
    { ...boot, accelerator: 'kvm' },
    debian12,
    ['-cpu Nehalem,+rdtscp,enforce'],
    ['host'],
  ],
];

describe('buildQemuArgs', () => {
  it.each(table)('%s', (_name, config, features, wanted, unwanted) => {
    const line = buildQemuArgs(config, features).join(' ');
    for (const text of wanted) expect(line).toContain(text);
    for (const text of unwanted) expect(line).not.toContain(text);
  });

  it('has the same devices in a template and in what is restored from it', () => {
    const devices = (config: QemuConfig) => {
      const args = buildQemuArgs(config, debian12);
      return args.filter((_, i) =>
        ['-device', '-machine', '-cpu', '-smp', '-m', '-serial'].includes(args[i - 1] ?? ''),
      );
    };
    expect(devices(restore)).toEqual(devices(boot));
  });
});
