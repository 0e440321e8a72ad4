import { expect, test } from 'vitest';
import type { Progress } from '../../protocol/work-unit.ts';
import { ProgressLines } from './progress-lines.ts';

function told(rule: ConstructorParameters<typeof ProgressLines>[0]) {
  const seen: number[] = [];
  const lines = new ProgressLines(rule, 100, ({ done, total }: Progress) => {
    expect(total).toBe(100);
    seen.push(done);
  });
  return { lines, seen };
}
const bytes = (text: string) => Buffer.from(text);

test('reads lines of the named file, in whatever pieces they come, and no others', () => {
  const { lines, seen } = told({ file: 'out/log', line: '# # #' });
  const text = 'Step Temp Press\n 0 3 -3.7\n 10 2.1 2.4\n 20.7 1 1\n 250 1 1\nTotal 3 4\n -5 1 1\n 30 1 1';
  for (let at = 0; at < text.length; at += 5) lines.write('out/log', at, bytes(text.slice(at, at + 5)));
  lines.write('out/other', 0, bytes('40 1 1\n'));
  lines.console(bytes('50 1 1\n'));
  expect(seen).toEqual([0, 10, 20, 100]);
});

test('reads what is printed, also where a line is drawn over itself', () => {
  const { lines, seen } = told({ file: null, line: 'step #*' });
  lines.console(bytes('starting\nstep 0\rst'));
  lines.console(bytes('ep 10, a while\rstep 20, done\n'));
  lines.write('out/log', 0, bytes('step 50\n'));
  expect(seen).toEqual([0, 10, 20]);
});

test('tells nothing without a rule', () => {
  const { lines, seen } = told(undefined);
  lines.console(bytes('step 10\n'));
  lines.write('out/log', 0, bytes('step 10\n'));
  expect(seen).toEqual([]);
});
