import { expect, test } from 'vitest';
import { StatusView } from '../../../protocol/engine-api.ts';
import { busyState } from '../../testkit/states.ts';
import { goesOn } from './goes-on.ts';

const { status } = busyState();
const as = (state: StatusView['state']): StatusView => ({ ...status, state });

test('work that goes on is no news, whatever the reason; its beginning and end are', () => {
  expect(goesOn(as('computing'), { ...as('computing'), reason: 'another' })).toBe(true);
  expect(goesOn(as('computing'), as('starting'))).toBe(true);
  expect(goesOn(as('starting'), as('computing'))).toBe(true);
  expect(goesOn(null, as('computing'))).toBe(false);
  for (const state of StatusView.shape.state.exclude(['computing', 'starting']).options) {
    expect(goesOn(as('computing'), as(state)), state).toBe(false);
    expect(goesOn(as(state), as('computing')), state).toBe(false);
    expect(goesOn(as(state), as(state)), state).toBe(false);
  }
});
