import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { linuxCandidates, probeKey } from './accelerators.ts';

const isRoot = process.getuid?.() === 0;
const KVM_GROUP = 12_345;

/** [what it is, mode, group, whether QEMU gives its user up, candidates] */
const devices: [string, number, number, boolean, ReturnType<typeof linuxCandidates>][] = [
  ["root's alone", 0o600, 0, true, { order: ['tcg'], kvmGroup: null }],
  ["root's alone, QEMU stays root", 0o600, 0, false, { order: ['kvm', 'tcg'], kvmGroup: null }],
  ['for everybody', 0o666, KVM_GROUP, true, { order: ['kvm', 'tcg'], kvmGroup: null }],
  ['for a group', 0o660, KVM_GROUP, true, { order: ['kvm', 'tcg'], kvmGroup: KVM_GROUP }],
  ["for root's group, which QEMU must not get", 0o660, 0, true, { order: ['tcg'], kvmGroup: null }],
  ['for a group, read only', 0o640, KVM_GROUP, true, { order: ['tcg'], kvmGroup: null }],
];

describe.skipIf(!isRoot)('linuxCandidates (the owner of a device is chosen as root)', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'beamtime-kvm-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(devices)('a device %s', (_name, mode, group, becomesUnprivileged, wanted) => {
    const device = join(folder, 'kvm');
    writeFileSync(device, '');
    chownSync(device, 0, group);
    chmodSync(device, mode);
    expect(linuxCandidates(device, becomesUnprivileged)).toEqual(wanted);
  });
});

test('without a device only interpretation is left', () => {
  expect(linuxCandidates('/nowhere/kvm', false)).toEqual({ order: ['tcg'], kvmGroup: null });
});

test('what was found holds for one machine, image, QEMU and choice', () => {
  const candidates = { order: ['kvm', 'tcg'], kvmGroup: null } as const;
  const key = probeKey('image', 'QEMU 7.2', candidates);
  expect(probeKey('image', 'QEMU 7.2', { ...candidates })).toBe(key);
  const others = [
    probeKey('other', 'QEMU 7.2', candidates),
    probeKey('image', 'QEMU 8.0', candidates),
    probeKey('image', 'QEMU 7.2', { order: ['tcg'], kvmGroup: null }),
    probeKey('image', 'QEMU 7.2', { order: ['kvm', 'tcg'], kvmGroup: 7 }),
  ];
  expect(new Set([key, ...others]).size).toBe(5);
});
