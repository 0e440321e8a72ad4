import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Facts } from '../situation.ts';
import type { Probe } from './probe.ts';

type Battery = NonNullable<Facts['battery']>;

const SUPPLIES = '/sys/class/power_supply';

/** null: a machine without a battery. */
export async function batteryProbe(): Promise<Probe<Battery> | null> {
  if (process.platform === 'linux') {
    const read = () => linuxBattery(SUPPLIES);
    return (await read()) ? { everyMs: 5_000, read } : null;
  }
  const { battery } = await import('systeminformation');
  const read = async () => {
    const { hasBattery, acConnected, percent } = await battery();
    return hasBattery ? { discharging: !acConnected, percent } : null;
  };
  return (await read()) ? { everyMs: 30_000, read } : null;
}

/**
 * sysfs-class-power: a supply is of type Battery, Mains, USB or UPS; scope Device is that of a mouse or a headset.
 * The computer runs on battery when one of its batteries discharges and no mains supply is online.
 */
export async function linuxBattery(folder: string): Promise<Battery | null> {
  const names = await readdir(folder).catch(() => []);
  let found = false;
  let discharging = false;
  let mains = false;
  const percents: number[] = [];
  for (const name of names) {
    const text = (file: string) =>
      readFile(join(folder, name, file), 'utf8').then(
        (content) => content.trim(),
        () => null,
      );
    const type = await text('type');
    if (type === 'Battery' && (await text('scope')) !== 'Device') {
      found = true;
      if ((await text('status')) === 'Discharging') discharging = true;
      const capacity = Number((await text('capacity')) ?? Number.NaN);
      if (Number.isFinite(capacity)) percents.push(capacity);
    } else if (type !== null && type !== 'Battery' && (await text('online')) === '1') {
      mains = true;
    }
  }
  if (!found) return null;
  return {
    discharging: discharging && !mains,
    percent: percents.length > 0 ? percents.reduce((a, b) => a + b) / percents.length : null,
  };
}
