import { describe, expect, test } from 'vitest';
import { type Claim, divide, ShareLedger } from './shares.ts';

const claim = (project: string, share: number, more: Partial<Claim> = {}): Claim => ({
  ...{ project, share, received: 0, inHand: 0, unitSeconds: 60 },
  ...more,
});

describe('divide', () => {
  test.each<[string, number, Claim[], Record<string, number>]>([
    ['nobody', 4, [], {}],
    ['one project gets all', 4, [claim('a', 100)], { a: 4 }],
    ['equal weights', 4, [claim('a', 50), claim('b', 50)], { a: 2, b: 2 }],
    ['by weight', 8, [claim('a', 75), claim('b', 25)], { a: 6, b: 2 }],
    ['share 0 takes nothing', 4, [claim('a', 0), claim('b', 1)], { b: 4 }],
    ['nobody with a share', 4, [claim('a', 0)], {}],
    [
      'long units count for more than short ones',
      5,
      [claim('long', 50, { unitSeconds: 240 }), claim('short', 50)],
      { long: 1, short: 4 },
    ],
    ['what is in hand counts', 2, [claim('a', 50, { inHand: 2 }), claim('b', 50)], { b: 2 }],
    ['one that is behind catches up', 2, [claim('a', 50, { received: 9 }), claim('b', 50)], { b: 2 }],
    ['nothing wanted', 0, [claim('a', 50)], {}],
  ])('%s', (_, wanted, claims, turns) => {
    expect(Object.fromEntries(divide(wanted, claims))).toEqual(turns);
  });
});

/** Computes so many units one after another, each by whoever's turn it is; @returns processor seconds by project */
function compute(
  ledger: ShareLedger,
  projects: readonly { key: string; share: number; seconds: number }[],
  units: number,
): Record<string, number> {
  const computed: Record<string, number> = {};
  const keys = projects.map(({ key }) => key);
  for (let unit = 0; unit < units; unit++) {
    const claims = projects.map(({ key, share }) => ({
      ...{ project: key, share, inHand: 0, unitSeconds: ledger.unitSeconds(key) },
      received: ledger.account(key, keys).received,
    }));
    for (const project of divide(1, claims).keys()) {
      const { share, seconds } = projects.find(({ key }) => key === project) ?? { share: 0, seconds: 0 };
      ledger.charge(project, share, seconds);
      computed[project] = (computed[project] ?? 0) + seconds;
    }
  }
  return computed;
}

describe('over many units', () => {
  test.each([
    [50, 50, 0.5],
    [75, 25, 0.75],
    [100, 1, 100 / 101],
  ])('weights %i and %i, whatever the units take', (a, b, expected) => {
    const projects = [
      { key: 'a', share: a, seconds: 47 },
      { key: 'b', share: b, seconds: 301 },
    ];
    const computed = compute(new ShareLedger(), projects, 2000);
    const part = (computed.a ?? 0) / ((computed.a ?? 0) + (computed.b ?? 0));
    expect(Math.abs(part - expected)).toBeLessThan(0.02);
  });

  test('one that had nothing does not get the time of the others back', () => {
    const ledger = new ShareLedger();
    const a = { key: 'a', share: 50, seconds: 60 };
    const b = { key: 'b', share: 50, seconds: 60 };
    compute(ledger, [a, b], 10);
    compute(ledger, [a], 100);
    ledger.pass('b', ['a']);
    expect(compute(ledger, [a, b], 10)).toEqual({ a: 300, b: 300 });
  });

  test('a new one begins where the others stand, also over a restart', () => {
    const ledger = new ShareLedger();
    const a = { key: 'a', share: 50, seconds: 60 };
    compute(ledger, [a], 100);
    const again = new ShareLedger(ledger.entries());
    expect(compute(again, [a, { key: 'b', share: 50, seconds: 60 }], 10)).toEqual({ a: 300, b: 300 });
  });

  test('a weight that changes counts from then on', () => {
    const ledger = new ShareLedger();
    const at = (share: number) => [
      { key: 'a', share: 50, seconds: 60 },
      { key: 'b', share, seconds: 60 },
    ];
    compute(ledger, at(50), 100);
    expect(compute(ledger, at(0), 10)).toEqual({ a: 600 });
    ledger.pass('b', ['a']);
    const computed = compute(ledger, at(100), 300);
    expect((computed.b ?? 0) / (computed.a ?? 1)).toBeCloseTo(2, 1);
  });
});
