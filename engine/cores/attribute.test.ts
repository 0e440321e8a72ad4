import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attribute } from './attribute.ts';
import { type CoreTimes, parseCpuList, parseProcStat } from './cpu-times.ts';

const core = (index: number, busy: number, niced: number, total: number): CoreTimes => ({
  index,
  busy,
  niced,
  total,
});
const zero = (cores: number) => Array.from({ length: cores }, (_, index) => core(index, 0, 0, 0));

describe('attribute', () => {
  it('gives our niced time to us and the rest to others, core by core', () => {
    const use = attribute(zero(2), [core(0, 1, 1, 1), core(1, 0.8, 0, 1)], 1);
    expect(use?.cores[0]).toEqual({ index: 0, others: 0, ours: 1 });
    expect(use?.cores[1]).toEqual({ index: 1, others: 0.8, ours: 0 });
    expect(use?.others).toBeCloseTo(0.8, 12);
  });

  it('counts the niced work of other people as theirs', () => {
    const use = attribute(zero(2), [core(0, 1, 1, 1), core(1, 1, 1, 1)], 1);
    expect(use?.others).toBeCloseTo(1, 12);
    expect(use?.ours).toBeCloseTo(1, 12);
  });

  it('lays what is not niced (system calls, the engine) on the remaining busy time', () => {
    const use = attribute(zero(1), [core(0, 1, 0.6, 1)], 0.8);
    expect(use?.ours).toBeCloseTo(0.8, 12);
    expect(use?.others).toBeCloseTo(0.2, 12);
  });

  it('cannot be ours more than the cores were busy (process times tick otherwise)', () => {
    const use = attribute(zero(2), [core(0, 0.5, 0, 1), core(1, 0, 0, 1)], 5);
    expect(use?.ours).toBeCloseTo(0.5, 12);
    expect(use?.others).toBe(0);
  });

  it('leaves out cores that appeared or vanished, and needs time to have passed', () => {
    expect(attribute(zero(1), [core(0, 1, 0, 1), core(1, 9, 0, 9)], 0)?.cores.length).toBe(1);
    expect(attribute(zero(1), zero(1), 0)).toBeNull();
    expect(attribute([], [core(0, 1, 0, 1)], 0)).toBeNull();
  });

  it('never counts a core twice: ours and others add up to what it was busy, whatever the counters say', () => {
    const anyCore = fc.record({
      busy: fc.double({ min: -1, max: 3, noNaN: true }),
      niced: fc.double({ min: -1, max: 3, noNaN: true }),
      total: fc.double({ min: 0.01, max: 2, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.array(anyCore, { minLength: 1, maxLength: 16 }),
        fc.double({ min: -1, max: 40, noNaN: true }),
        (spans, ours) => {
          const after = spans.map((span, index) => core(index, span.busy, span.niced, span.total));
          const use = attribute(zero(spans.length), after, ours);
          let sum = 0;
          use?.cores.forEach((view, i) => {
            const span = after[i] ?? core(0, 0, 0, 1);
            const busy = Math.min(span.total, Math.max(0, span.busy)) / span.total;
            expect(view.others + view.ours).toBeCloseTo(busy, 9);
            expect(view.others).toBeGreaterThanOrEqual(-1e-9);
            expect(view.ours).toBeGreaterThanOrEqual(-1e-9);
            sum += view.ours * span.total;
          });
          expect(sum).toBeCloseTo((use?.ours ?? 0) * (use?.seconds ?? 0), 9);
        },
      ),
    );
  });
});

describe('counters', () => {
  it('reads /proc/stat: guest time is in user already, waiting for disks is idle, stolen time is nobody’s', () => {
    const text = 'cpu  9 9 9 9\ncpu0 100 50 30 700 100 5 15 0 40 20\ncpu1 0 0 0 900 0 0 0 100 0 0\nintr 5\n';
    expect(parseProcStat(text)).toEqual([
      { index: 0, busy: 2, niced: 0.5, total: 10 },
      { index: 1, busy: 0, niced: 0, total: 10 },
    ]);
  });

  it('reads a list of cores', () => {
    expect([...parseCpuList('0-2,5,8-9')]).toEqual([0, 1, 2, 5, 8, 9]);
  });
});
