import type { Preferences } from '../../../protocol/preferences.ts';

/** What a preset sets; everything else a person chose stays. */
type Preset = Pick<
  Preferences,
  | 'maxCores'
  | 'reserveWhileActive'
  | 'maxTemperatureC'
  | 'duringFullScreen'
  | 'onBattery'
  | 'keepFreeMemoryMb'
>;
export const PRESETS = ['gentle', 'balanced', 'all'] as const;
export type PresetName = (typeof PRESETS)[number];

export function presetOf(name: PresetName, cores: number): Preset {
  const common = { duringFullScreen: false, onBattery: false };
  switch (name) {
    case 'gentle':
      return {
        ...common,
        maxCores: Math.max(1, Math.floor(cores / 2)),
        reserveWhileActive: 0.75,
        maxTemperatureC: 70,
        keepFreeMemoryMb: 2048,
      };
    case 'balanced':
      return {
        ...common,
        maxCores: null,
        reserveWhileActive: 0.5,
        maxTemperatureC: 80,
        keepFreeMemoryMb: 1024,
      };
    case 'all':
      return { ...common, maxCores: null, reserveWhileActive: 0, maxTemperatureC: 90, keepFreeMemoryMb: 512 };
  }
}

/** Which preset these preferences are; null: the person's own mixture. */
export function presetNamed(preferences: Preferences, cores: number): PresetName | null {
  return (
    PRESETS.find((name) =>
      Object.entries(presetOf(name, cores)).every(
        ([key, value]) => preferences[key as keyof Preset] === value,
      ),
    ) ?? null
  );
}
