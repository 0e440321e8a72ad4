import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { dataFolder } from './data-folder.ts';

const at = (env: Record<string, string>, platform: NodeJS.Platform = 'linux', data?: string) =>
  dataFolder('engine', data, env, platform, '/home/ann');

it('is where the platform keeps such data', () => {
  expect(at({})).toBe('/home/ann/.local/share/beamtime/engine');
  expect(at({ XDG_DATA_HOME: '/data' })).toBe('/data/beamtime/engine');
  expect(at({}, 'darwin')).toBe('/home/ann/Library/Application Support/Beamtime/engine');
  expect(at({ LOCALAPPDATA: '/local' }, 'win32')).toBe('/local/Beamtime/engine');
});

it('ignores a relative XDG_DATA_HOME, as its specification says', () => {
  expect(at({ XDG_DATA_HOME: 'data' })).toBe('/home/ann/.local/share/beamtime/engine');
});

it('is below BEAMTIME_DATA, and --data is above all', () => {
  expect(at({ BEAMTIME_DATA: '/bt', XDG_DATA_HOME: '/data' })).toBe('/bt/engine');
  expect(dataFolder('project', undefined, { BEAMTIME_DATA: '/bt' }, 'linux', '/home/ann')).toBe(
    '/bt/project',
  );
  expect(at({ BEAMTIME_DATA: '/bt' }, 'linux', 'here')).toBe(resolve('here'));
});
