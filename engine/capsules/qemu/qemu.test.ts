import { describe, test, vi } from 'vitest';
import { capsuleContract } from '../capsule.contract.ts';
import { whyNoMachines } from './testkit/appliance.ts';

// Interpreted, at the lowest priority, beside other tests: what takes a second may take a minute.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });
const why = await whyNoMachines();
if (why === null) capsuleContract('qemu', new URL('./testkit/driver.ts', import.meta.url));
else describe.skip(`qemu capsule (${why})`, () => test('skipped', () => {}));
