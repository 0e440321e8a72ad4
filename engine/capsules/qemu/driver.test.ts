import { createHash } from 'node:crypto';
import { chmod, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { makeLogger } from '../../../platform/log.ts';
import { probe } from '../testkit/probe.ts';
import { bootLimitMs } from './accelerators.ts';
import type { Accelerator } from './args.ts';
import { type QemuDriver, type QemuDriverOptions, qemuDriver } from './driver.ts';
import { findQemu, type QemuInstallation } from './install.ts';
import { builtAppliance, whyNoMachines } from './testkit/appliance.ts';
import { filesIn } from './testkit/driver.ts';
import { runProgram } from './testkit/run.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });
const why = await whyNoMachines();
const log = makeLogger('qemu-driver-test');
/** Where Linux lies in the guest's memory (nokaslr). Its devices' buffers, which QEMU checks, lie elsewhere. */
const KERNEL_AT = 16 * 1024 * 1024;
const KERNEL_BYTES = 28 * 1024 * 1024;

/** In this order: each test goes on with what the one before left in the driver's folder. */
describe.skipIf(why !== null)(`qemu driver: accelerators and snapshots (${why ?? 'boots for real'})`, () => {
  let folder = '';
  let program = '';
  let appliance: QemuDriverOptions['appliance'];
  /** Accelerators a boot was tried with. */
  const boots: Accelerator[] = [];
  const drivers: QemuDriver[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'beamtime-driver-'));
    // QEMU's user must reach the script below.
    await chmod(folder, 0o711);
    appliance = await builtAppliance();
    program = await probe('x86_64-linux');
  });
  afterAll(async () => {
    await Promise.all(drivers.map((driver) => driver.close()));
    await rm(folder, { recursive: true, force: true });
  });

  function driverWith(
    order: readonly Accelerator[],
    installation: QemuInstallation | null,
    change: Partial<QemuDriverOptions> = {},
  ): QemuDriver {
    boots.length = 0;
    const driver = qemuDriver({
      files: filesIn(join(folder, 'data')),
      appliance,
      log,
      surroundings: {
        findQemu: async () => installation,
        lifeSignSeconds: 3,
        findCandidates: () => ({ order, kvmGroup: null }),
        bootLimitMs: (accelerator) => {
          boots.push(accelerator);
          return accelerator === 'kvm' ? 1500 : bootLimitMs(accelerator);
        },
      },
      ...change,
    });
    drivers.push(driver);
    return driver;
  }

  /** A QEMU whose KVM is there, is opened, and hangs before the guest's first instruction. */
  async function hangingKvm(): Promise<QemuInstallation> {
    const found = await findQemu();
    if (!found) throw new Error('whyNoMachines() found one');
    const command = join(folder, 'qemu-whose-kvm-hangs');
    await writeFile(
      command,
      `#!/bin/sh\ncase " $* " in *" -accel kvm "*) exec sleep 1000 ;; esac\nexec ${found.command} "$@"\n`,
    );
    await chmod(command, 0o755);
    return { ...found, command };
  }

  const snapshotFolder = () => join(folder, 'data', 'snapshots');

  async function snapshotFile(name: string): Promise<string> {
    const [only, ...others] = await readdir(snapshotFolder());
    expect(others).toEqual([]);
    return join(snapshotFolder(), only ?? '', name);
  }

  const exit7 = { outcome: { state: 'exited', exitStatus: 7 } };

  test('gives up an accelerator that hangs, boots with the next, and says so', async () => {
    const driver = driverWith(['kvm', 'tcg'], await hangingKvm());
    expect(driver.facts()).toEqual({ accelerator: null, bootMs: null, refused: [] });
    expect(await driver.unavailable()).toBeNull();
    expect(boots).toEqual(['kvm', 'tcg']);
    expect(driver.facts()).toMatchObject({
      accelerator: 'tcg',
      bootMs: expect.any(Number),
      refused: [{ accelerator: 'kvm', reason: expect.stringContaining('no sign of life in 1.5 s') }],
    });
    await driver.close();
  });

  test('remembers that: the next engine neither probes nor boots', async () => {
    const driver = driverWith(['kvm', 'tcg'], await hangingKvm());
    expect(await driver.unavailable()).toBeNull();
    expect(boots).toEqual([]);
    expect(driver.facts()).toMatchObject({ accelerator: 'tcg', refused: [{ accelerator: 'kvm' }] });
    expect(await runProgram(driver, { program, args: ['exit', '7'] })).toMatchObject(exit7);
    await driver.close();
  });

  test('the one that the person insists on is the only one tried, and what was found before stays remembered', async () => {
    const insisting = driverWith(['kvm', 'tcg'], await hangingKvm(), { accelerator: 'tcg' });
    expect(await insisting.unavailable()).toBeNull();
    expect(insisting.facts()).toMatchObject({ accelerator: 'tcg', refused: [] });
    await insisting.close();
    const lacking = driverWith(['tcg'], await hangingKvm(), { accelerator: 'kvm' });
    expect(await lacking.unavailable()).toContain('accelerator kvm, which this computer does not offer');
    await lacking.close();
  });

  test('for another image it probes again', async () => {
    const driver = driverWith(['kvm', 'tcg'], await hangingKvm(), {
      appliance: { ...appliance, image: 'another' },
    });
    const asked = driver.unavailable();
    await vi.waitFor(() => expect(boots).toEqual(['kvm', 'tcg']), { timeout: 100_000 });
    await driver.close();
    expect(await asked).toContain('given up');
  });

  test('slots share one snapshot and leave it as it was; the consoles of their runs are kept', async () => {
    const driver = driverWith(['kvm', 'tcg'], await hangingKvm());
    const before = await readFile(await snapshotFile('memory'));
    const two = ['first', 'second'].map((slotId) =>
      runProgram(driver, { program, args: ['args', slotId], slotId }),
    );
    await Promise.all(two);
    expect(boots).toEqual([]);
    expect(before.equals(await readFile(await snapshotFile('memory')))).toBe(true);
    const consoles = (await readdir(join(folder, 'data', 'consoles'))).filter((name) =>
      name.endsWith('-second.log'),
    );
    expect(consoles).toHaveLength(1);
    const kept = await readFile(join(folder, 'data', 'consoles', consoles[0] ?? ''), 'utf8');
    expect(kept).toMatch(/^work unit unit\n/);
    expect(kept).toContain('to stderr');
    expect(kept).toContain('--- kernel ---');
    expect(await readdir(join(folder, 'data', 'run'))).toEqual([]);
    await driver.close();
  });

  test('a snapshot with spoilt memory costs one capsule, nothing against the unit, and is made anew', async () => {
    const driver = driverWith(['kvm', 'tcg'], await hangingKvm());
    const memory = await open(await snapshotFile('memory'), 'r+');
    await memory.write(Buffer.alloc(KERNEL_BYTES), 0, KERNEL_BYTES, KERNEL_AT);
    await memory.close();
    const spoilt = await runProgram(driver, { program, args: ['exit', '7'] });
    expect(spoilt.outcome).toEqual({
      state: 'broken',
      reason: 'The virtual machine did not take up its work unit.',
      lost: true,
    });
    expect(await runProgram(driver, { program, args: ['exit', '7'] })).toMatchObject(exit7);
    expect(boots).toEqual(['tcg']);
    await driver.close();
  });

  test('a snapshot that QEMU refuses is made anew before anybody notices', async () => {
    const state = Buffer.from('QEVM and then something else');
    await writeFile(await snapshotFile('state'), state);
    const description = JSON.parse(await readFile(await snapshotFile('snapshot.json'), 'utf8'));
    const stateSha256 = createHash('sha256').update(state).digest('hex');
    await writeFile(await snapshotFile('snapshot.json'), JSON.stringify({ ...description, stateSha256 }));
    const driver = driverWith(['kvm', 'tcg'], await hangingKvm());
    expect(await runProgram(driver, { program, args: ['exit', '7'] })).toMatchObject(exit7);
    expect(boots).toEqual(['tcg']);
    await driver.close();
  });

  test("tells in QEMU's words why an accelerator is not there", async () => {
    const driver = driverWith(['hvf', 'tcg'], await findQemu());
    expect(await driver.unavailable()).toBeNull();
    expect(boots).toEqual(['hvf']);
    expect(driver.facts().refused).toEqual([
      { accelerator: 'hvf', reason: expect.stringMatching(/QEMU ended .*invalid accelerator hvf/s) },
    ]);
    await driver.close();
  });

  test('where none boots it says so, and what to do where there is no QEMU or no image', async () => {
    const none = driverWith(['hvf'], await findQemu());
    expect(await none.unavailable()).toMatch(/No virtual machine boots here: hvf: .*invalid accelerator/s);
    const missing = driverWith(['tcg'], null);
    expect(await missing.unavailable()).toMatch(/QEMU is not installed\. Install it/);
    const imageless = driverWith(['tcg'], await findQemu(), {
      appliance: { ...appliance, kernelPath: join(folder, 'no-kernel') },
    });
    expect(await imageless.unavailable()).toContain('not been fetched');
    expect(await readdir(join(folder, 'data', 'run'))).toEqual([]);
  });
});
