import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Probe } from './probe.ts';

/** Thermal zones and hardware monitors that speak of the processor; others tell of disks, radios and cases. */
const ZONES = /^(x86_pkg_temp|cpu.*|soc.*|coretemp|k10temp|zenpower|TCPU)/i;

/** The hottest of the processor's sensors in degrees Celsius; null: none (most virtual machines). */
export async function temperatureProbe(): Promise<Probe<number> | null> {
  if (process.platform === 'linux') {
    const files = [...(await thermalZones('/sys/class/thermal')), ...(await monitors('/sys/class/hwmon'))];
    const read = () => hottest(files);
    return (await read()) === null ? null : { everyMs: 5_000, read };
  }
  // Windows and macOS tell it only to administrators or through helpers; often there is nothing.
  const { cpuTemperature } = await import('systeminformation');
  const read = async () => {
    const { main, max } = await cpuTemperature();
    return max ?? main ?? null;
  };
  return (await read()) === null ? null : { everyMs: 30_000, read };
}

/** Files that hold thousandths of a degree (thermal sysfs API). */
export async function thermalZones(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith('thermal_zone')) continue;
    const type = await readFile(join(folder, name, 'type'), 'utf8').catch(() => '');
    if (ZONES.test(type.trim())) found.push(join(folder, name, 'temp'));
  }
  return found;
}

export async function monitors(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const type = await readFile(join(folder, name, 'name'), 'utf8').catch(() => '');
    if (!ZONES.test(type.trim())) continue;
    const files = await readdir(join(folder, name)).catch(() => []);
    found.push(
      ...files.filter((file) => /^temp\d+_input$/.test(file)).map((file) => join(folder, name, file)),
    );
  }
  return found;
}

/** @returns degrees Celsius; null when no file gives a believable number */
export async function hottest(files: readonly string[]): Promise<number | null> {
  const values: number[] = [];
  for (const file of files) {
    const celsius = Number(await readFile(file, 'utf8').catch(() => Number.NaN)) / 1000;
    // A broken sensor says 0, -274 or 255.
    if (celsius > 1 && celsius < 150) values.push(celsius);
  }
  return values.length > 0 ? Math.max(...values) : null;
}
