import { expect, it } from 'vitest';
import { Preferences } from '../../../protocol/preferences.ts';
import { PRESETS, presetNamed, presetOf } from './presets.ts';

it('names the preset that preferences are, whatever else is set', () => {
  const own = Preferences.parse({ networkLimitKbps: 100, pausePrograms: ['blender'] });
  for (const cores of [1, 2, 8, 64])
    for (const name of PRESETS) expect(presetNamed({ ...own, ...presetOf(name, cores) }, cores)).toBe(name);
});

it('calls the engine’s defaults balanced, and anything else the person’s own', () => {
  expect(presetNamed(Preferences.parse({}), 8)).toBe('balanced');
  expect(presetNamed(Preferences.parse({ maxTemperatureC: 81 }), 8)).toBeNull();
});

it('is gentle enough to leave one core at least', () => expect(presetOf('gentle', 1).maxCores).toBe(1));

it('never asks for the battery or over a full screen', () => {
  for (const name of PRESETS)
    expect(presetOf(name, 4)).toMatchObject({ onBattery: false, duringFullScreen: false });
});
