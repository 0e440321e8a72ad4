import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { APP_ICON, APP_UNITS, TRAY_UNITS, trayIcon, trayTemplate } from '../draw/icons.ts';
import { png } from '../draw/png.ts';
import { type Layer, paint } from '../draw/shapes.ts';
import { TRAY_STATES } from '../tray/state.ts';

const APP_SIZES = [16, 24, 32, 48, 64, 128, 256, 512];
/** Name's ending -> pixels: the tray's icon on usual and on dense screens. */
const TRAY_SIZES = { '': 16, '@1.5x': 24, '@2x': 32, '@3x': 48 };

/** The tray's icons, into the application. */
export async function writeTrayIcons(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const state of TRAY_STATES)
    for (const [ending, pixels] of Object.entries(TRAY_SIZES)) {
      await write(join(folder, `${state}${ending}.png`), trayIcon(state), TRAY_UNITS, pixels);
      await write(join(folder, `${state}Template${ending}.png`), trayTemplate(state), TRAY_UNITS, pixels);
    }
}

/** The application's icon in all sizes, for the installers (SIZExSIZE.png). */
export async function writeAppIcons(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const pixels of APP_SIZES)
    await write(join(folder, `${pixels}x${pixels}.png`), APP_ICON, APP_UNITS, pixels);
}

async function write(path: string, layers: readonly Layer[], units: number, pixels: number): Promise<void> {
  await writeFile(path, png(paint(layers, units, pixels), pixels));
}
