/** The virtual machine capsule: see README.md. */
export { type QemuDriver, type QemuDriverOptions, type QemuFacts, qemuDriver } from './driver.ts';
export { sweepQemu } from './sweep.ts';
