import { capsuleContract } from '../capsule.contract.ts';

const hasSignals = process.platform !== 'win32';
if (hasSignals) capsuleContract('wasm', new URL('./testkit/signal-driver.ts', import.meta.url));
capsuleContract(
  'wasm (paused at host calls)',
  new URL('./testkit/host-call-driver.ts', import.meta.url),
  hasSignals ? 'pausing' : 'all',
);
