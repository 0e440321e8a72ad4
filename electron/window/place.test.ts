import { expect, test } from 'vitest';
import { boundsOn, SMALLEST } from './place.ts';

const main = { x: 0, y: 25, width: 1920, height: 1055 };
const second = { x: 1920, y: 0, width: 1280, height: 1024 };

test('without a wish it is in the middle of the main screen, and no larger than that', () => {
  expect(boundsOn([main], null)).toEqual({ x: 370, y: 163, width: 1180, height: 780 });
  expect(boundsOn([{ x: 0, y: 0, width: 800, height: 600 }], null)).toEqual({
    x: 0,
    y: 0,
    width: 800,
    height: 600,
  });
});

test('it comes back where it was, on whatever screen', () => {
  const wish = { x: 2000, y: 100, width: 900, height: 700 };
  expect(boundsOn([main, second], wish)).toEqual(wish);
});

test('where that screen is gone, or its title bar could not be reached, it is in the middle again', () => {
  expect(boundsOn([main], { x: 2000, y: 100, width: 900, height: 700 })).toMatchObject({
    x: 510,
    width: 900,
  });
  expect(boundsOn([main], { x: 100, y: -600, width: 900, height: 700 }).y).toBeGreaterThanOrEqual(main.y);
  expect(boundsOn([main], { x: 100, y: 100, width: 1, height: 1 })).toMatchObject(SMALLEST);
});
