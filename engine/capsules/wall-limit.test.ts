import { spawn } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { waitedMs } from './waited.ts';
import { WallLimit } from './wall-limit.ts';

describe('WallLimit', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('calls once when the time is over', () => {
    const over = vi.fn();
    const limit = new WallLimit(10, over);
    limit.run();
    limit.run();
    vi.advanceTimersByTime(9_999);
    expect(over).not.toHaveBeenCalled();
    vi.advanceTimersByTime(100_000);
    expect(over).toHaveBeenCalledOnce();
  });

  test('stands still while paused', () => {
    const over = vi.fn();
    const limit = new WallLimit(10, over);
    limit.run();
    vi.advanceTimersByTime(6_000);
    limit.pause();
    limit.pause();
    vi.advanceTimersByTime(1_000_000);
    limit.run();
    vi.advanceTimersByTime(3_999);
    expect(over).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2);
    expect(over).toHaveBeenCalledOnce();
  });

  test('does not count what the host kept from it', () => {
    const over = vi.fn();
    let waited = 0;
    const limit = new WallLimit(10, over, { waited: () => waited });
    limit.run();
    vi.advanceTimersByTime(4_000);
    waited = 3_000;
    vi.advanceTimersByTime(8_999);
    expect(over).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2);
    expect(over).toHaveBeenCalledOnce();
  });

  test('holds longer than a timer can', () => {
    const over = vi.fn();
    const days = 86_400;
    const limit = new WallLimit(30 * days, over);
    limit.run();
    vi.advanceTimersByTime(29 * days * 1000);
    expect(over).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2 * days * 1000);
    expect(over).toHaveBeenCalledOnce();
  });

  test('a limit of nothing is over at once', () => {
    const over = vi.fn();
    new WallLimit(0, over).run();
    vi.advanceTimersByTime(5);
    expect(over).toHaveBeenCalledOnce();
  });
});

describe.skipIf(process.platform !== 'linux')('waitedMs', () => {
  test('grows for processes that share one core', async () => {
    const spinners = [0, 1].map(() => spawn('taskset', ['-c', '0', 'sh', '-c', 'while :; do :; done']));
    try {
      const total = () => spinners.reduce((sum, { pid }) => sum + waitedMs(pid ?? 0), 0);
      await vi.waitFor(() => expect(total()).toBeGreaterThan(50), { timeout: 30_000 });
    } finally {
      for (const spinner of spinners) spinner.kill('SIGKILL');
    }
  });

  test('is nothing for a process that is gone', () => {
    expect(waitedMs(2 ** 30)).toBe(0);
  });
});
