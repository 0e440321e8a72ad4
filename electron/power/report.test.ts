import { expect, test } from 'vitest';
import { IdleTime, thermalOf } from './report.ts';

test('an idle time that never moves is not believed on Wayland until it does', () => {
  const wayland = new IdleTime({ XDG_SESSION_TYPE: 'wayland' }, 'linux');
  expect([0, 0, 5, 0, -1].map((seconds) => wayland.read(seconds))).toEqual([null, null, 5, 0, null]);
  expect(new IdleTime({ XDG_SESSION_TYPE: 'x11' }, 'linux').read(0)).toBe(0);
  expect(new IdleTime({}, 'win32').read(0)).toBe(0);
});

test('only what the contract knows of heat is passed on', () => {
  expect(['serious', 'unknown'].map(thermalOf)).toEqual(['serious', null]);
});
