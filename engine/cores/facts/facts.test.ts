import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../testkit/clock.ts';
import { linuxBattery } from './battery.ts';
import { busiest, wordsFor } from './busiest.ts';
import { activeWindow } from './full-screen.ts';
import { FactsKeeper } from './keeper.ts';
import { parseMetered } from './metered.ts';
import { combine, parseLogind, terminalIdle } from './person.ts';
import { output } from './probe.ts';
import { hottest, monitors, thermalZones } from './temperature.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** A folder like those below /sys: file path -> content. */
async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'beamtime-facts-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), `${content}\n`);
  }
  return folder;
}

describe('battery', () => {
  it('is null on a desktop, also with the battery of its mouse', async () => {
    expect(await linuxBattery(await folderOf({}))).toBeNull();
    expect(await linuxBattery('/nowhere')).toBeNull();
    const mouse = await folderOf({
      'hid/type': 'Battery',
      'hid/scope': 'Device',
      'hid/status': 'Discharging',
    });
    expect(await linuxBattery(mouse)).toBeNull();
  });

  it('runs on battery when discharging and no mains is online; two batteries give their mean', async () => {
    const laptop = {
      'AC/type': 'Mains',
      'AC/online': '0',
      'BAT0/type': 'Battery',
      'BAT0/status': 'Discharging',
      'BAT0/capacity': '40',
      'BAT1/type': 'Battery',
      'BAT1/status': 'Unknown',
      'BAT1/capacity': '80',
    };
    expect(await linuxBattery(await folderOf(laptop))).toEqual({ discharging: true, percent: 60 });
    expect(await linuxBattery(await folderOf({ ...laptop, 'AC/online': '1' }))).toEqual({
      discharging: false,
      percent: 60,
    });
  });
});

describe('temperature', () => {
  it('takes the hottest sensor of the processor and no broken or foreign one', async () => {
    const zones = await folderOf({
      'thermal_zone0/type': 'x86_pkg_temp',
      'thermal_zone0/temp': '61000',
      'thermal_zone1/type': 'iwlwifi_1',
      'thermal_zone1/temp': '90000',
      'cooling_device0/type': 'Processor',
    });
    const hwmon = await folderOf({
      'hwmon0/name': 'coretemp',
      'hwmon0/temp1_input': '64000',
      'hwmon0/temp2_input': '255000',
      'hwmon1/name': 'nvme',
      'hwmon1/temp1_input': '80000',
    });
    expect(await hottest([...(await thermalZones(zones)), ...(await monitors(hwmon))])).toBe(64);
    expect(await hottest([])).toBeNull();
    expect(await hottest([join(zones, 'gone')])).toBeNull();
  });
});

describe('person', () => {
  it('reads logind: active, idle since, nobody', () => {
    expect(parseLogind('IdleHint=no\nIdleSinceHint=0\n', 1e12)).toBe(0);
    expect(parseLogind('IdleHint=yes\nIdleSinceHint=999000000000000\n', 1e12)).toBe(1e6);
    expect(parseLogind('IdleHint=yes\nIdleSinceHint=0\n', 1e12)).toBe(Number.POSITIVE_INFINITY);
    expect(parseLogind('', 1e12)).toBeNull();
  });

  it('reads the terminals', async () => {
    const folder = await folderOf({ '0': '', '3': '', ptmx: '', tty1: '', console: '' });
    const now = Date.now();
    const input = (name: string, ago: number) => utimes(join(folder, name), now / 1000 - ago, now / 1000);
    await Promise.all([
      input('0', 300),
      input('3', 40),
      input('tty1', 5000),
      input('ptmx', 0),
      input('console', 0),
    ]);
    expect(await terminalIdle([folder], now)).toBeCloseTo(40, 0);
    expect(await terminalIdle(['/nowhere'], now)).toBe(Number.POSITIVE_INFINITY);
    await symlink('/nowhere', join(folder, '7'));
    expect(await terminalIdle([folder], now)).toBeCloseTo(40, 0);
  });

  it('believes the most recent sign of a person, and admits when a display cannot be watched', () => {
    const nobody = Number.POSITIVE_INFINITY;
    expect(combine({ display: false, x: null, logind: null, terminals: nobody })).toBe(nobody);
    expect(combine({ display: false, x: null, logind: nobody, terminals: 500 })).toBe(500);
    expect(combine({ display: false, x: null, logind: 0, terminals: 500 })).toBe(0);
    expect(combine({ display: true, x: 12, logind: 0, terminals: 500 })).toBe(12);
    expect(combine({ display: true, x: 900, logind: 0, terminals: 5 })).toBe(5);
    expect(combine({ display: true, x: null, logind: 400, terminals: nobody })).toBe(400);
    expect(combine({ display: true, x: null, logind: 0, terminals: nobody })).toBeNull();
    expect(combine({ display: true, x: null, logind: null, terminals: 9000 })).toBeNull();
    expect(combine({ display: true, x: null, logind: null, terminals: 10 })).toBe(10);
  });
});

describe('full screen, metered network', () => {
  it('reads the window in use', () => {
    expect(activeWindow('_NET_ACTIVE_WINDOW(WINDOW): window id # 0x3a00007')).toBe('0x3a00007');
    expect(activeWindow('_NET_ACTIVE_WINDOW(WINDOW): window id # 0x0')).toBeNull();
    expect(activeWindow('_NET_ACTIVE_WINDOW:  not found.')).toBeNull();
  });

  it('reads NetworkManager', () => {
    expect(['u 1\n', 'u 3\n', 'u 2\n', 'u 4\n', 'u 0\n', ''].map(parseMetered)).toEqual([
      true,
      true,
      false,
      false,
      null,
      null,
    ]);
  });
});

describe('what keeps the computer busy', () => {
  it('knows common programs by what people do with them', () => {
    expect(wordsFor('cc1plus')).toBe('you are compiling');
    expect(wordsFor('Isolated Web Co')).toBe('the browser is busy');
    expect(wordsFor('gimp-2.10')).toBe('gimp-2.10 is busy');
  });

  it('names the one that stands out, or none', () => {
    expect(
      busiest(
        new Map([
          ['you are compiling', 0.5],
          ['x is busy', 0.1],
        ]),
        0.3,
      ),
    ).toBe('you are compiling');
    expect(
      busiest(
        new Map([
          ['x is busy', 0.05],
          ['y is busy', 0.05],
        ]),
        0.3,
      ),
    ).toBeNull();
    expect(busiest(new Map(), 0.3)).toBeNull();
  });
});

describe('output', () => {
  it('is null for a command that is missing or fails', async () => {
    expect(await output('beamtime-no-such-command', [])).toBeNull();
    expect(await output(process.execPath, ['-e', 'process.exit(3)'])).toBeNull();
    expect(await output(process.execPath, ['-e', 'console.log(7)'])).toBe('7\n');
  });
});

describe('FactsKeeper', () => {
  it('asks each fact on its own cadence, seldom while calm, and survives probes that fail or hang', async () => {
    const clock = new ManualClock();
    const asked = { memory: 0, battery: 0, temperature: 0 };
    let changes = 0;
    const none = async () => null;
    const keeper = new FactsKeeper(clock, () => changes++, {
      memoryAvailableMb: async () => ({ everyMs: 1000, read: async () => ++asked.memory }),
      battery: async () => ({
        everyMs: 1000,
        read: async () => {
          asked.battery++;
          throw new Error('gone');
        },
      }),
      temperatureC: async () => {
        throw new Error('no such folder');
      },
      personIdleSeconds: none,
      fullScreen: none,
      metered: none,
    });
    await keeper.start();
    expect(keeper.facts.memoryAvailableMb).toBe(1);
    expect(keeper.facts.battery).toBeNull();
    const pass = async (ms: number) => {
      for (let i = 0; i < ms; i += 100) {
        clock.advance(100);
        await new Promise(setImmediate);
      }
    };
    await pass(8000);
    expect(asked.memory).toBe(3);
    keeper.setActive(true);
    await pass(10_000);
    expect(asked.memory).toBeGreaterThanOrEqual(13);
    expect(asked.battery).toBe(asked.memory);
    expect(changes).toBe(asked.memory);
    keeper.stop();
    expect(clock.pending).toBe(0);
  });
});
