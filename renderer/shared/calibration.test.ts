import { expect, it } from 'vitest';
import { whyCapsule } from './calibration.ts';

const both = { application: 'a', version: '1', eventsPerSecond: { qemu: 100, wasm: 870 }, chosen: 'wasm' };
const qemu = { kind: 'qemu', unavailable: null, accelerator: null, bootMs: null, restoreMs: null };

it('says how much faster the chosen capsule is', () => {
  expect(whyCapsule(both, [qemu], 'auto')).toBe(
    'WebAssembly: measured 8.7 times as fast as Micro VM on this computer.',
  );
});

it('says that the person chose', () => {
  expect(whyCapsule({ ...both, chosen: 'qemu' }, [qemu], 'qemu')).toBe(
    'Micro VM, because your preferences say so.',
  );
});

it('says that the other cannot run', () => {
  const only = { ...both, eventsPerSecond: { wasm: 870 } };
  expect(whyCapsule(only, [{ ...qemu, unavailable: 'QEMU is not installed' }], 'auto')).toBe(
    'WebAssembly: Micro VM cannot run here.',
  );
  expect(whyCapsule(only, [qemu], 'auto')).toBe('WebAssembly: the one measured so far.');
});
