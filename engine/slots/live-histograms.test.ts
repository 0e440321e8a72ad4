import { expect, test } from 'vitest';
import { ReferenceTable } from '../../protocol/reference.ts';
import { AppendedLines } from './lines.ts';
import { HistogramBook } from './live-histograms.ts';

const axes = [{ name: 'h', title: 'h', xLabel: '', yLabel: '', edges: [0, 1, 2], logY: false }];
const table = ReferenceTable.parse({
  ...{ id: 't', title: '', experiment: '', paper: '', hepdata: '', xLabel: '', yLabel: '' },
  energyGeV: 91.2,
  particles: 'all',
  derivation: { from: 'probability', histogram: 'h' },
  bins: [[0, 1, 0.5, 0.1, 0.1]],
});
const filling = (energy: number) => ({
  project: 'p',
  campaign: 'c',
  campaignTitle: 'C',
  parameters: { energy, a: 1 },
  axes,
  references: [table],
});
const block = (counts: number[], events = 10, name = 'h') =>
  JSON.stringify({
    firstEvent: 0,
    events,
    crossSection: { maximumPb: 1, attempted: 10, accepted: 10 },
    histograms: { [name]: counts },
  });

test('blocks of running and finished units of the point begun last add up', () => {
  const book = new HistogramBook();
  expect(book.view()).toBeNull();
  book.begin('a', filling(91));
  expect(book.view()).toMatchObject({
    filled: { events: 0, counts: { h: [0, 0, 0, 0] } },
    histograms: { references: [table] },
  });
  expect(book.addLine('a', block([1, 2, 3, 4]))).toBe(true);
  book.finish('a');
  book.begin('b', { ...filling(91), parameters: { a: 1, energy: 91 } });
  book.addLine('b', block([1, 0, 0, 0]));
  expect(book.view()?.filled).toMatchObject({ events: 20, counts: { h: [2, 2, 3, 4] } });
  const before = book.view()?.filled.point;
  book.begin('c', filling(92));
  expect(book.view()).toMatchObject({ filled: { events: 0 }, histograms: { parameters: { energy: 92 } } });
  expect(book.view()?.filled.point).toBe(book.view()?.histograms.point);
  expect(book.view()?.filled.point).not.toBe(before);
  book.begin('d', filling(91));
  expect(book.view()?.filled.events).toBe(20);
});

test('a run that is thrown away takes its blocks with it', () => {
  const book = new HistogramBook();
  book.begin('a', filling(91));
  book.addLine('a', block([1, 2, 3, 4]));
  book.drop('a');
  expect(book.view()?.filled.events).toBe(0);
  expect(book.addLine('a', block([1, 2, 3, 4]))).toBe(false);
  book.begin('a', filling(91));
  book.addLine('a', block([0, 1, 0, 0]));
  expect(book.view()?.filled.counts).toEqual({ h: [0, 1, 0, 0] });
});

test('what a program writes wrongly counts for nothing and hurts nobody', () => {
  const book = new HistogramBook();
  book.begin('a', filling(91));
  for (const line of [
    '',
    '{',
    'null',
    '[]',
    '{"events":1}',
    block([-1, 0, 0, 0]),
    block([1.5, 0, 0, 0]),
    '\0'.repeat(99),
  ]) {
    expect(book.addLine('a', line)).toBe(false);
  }
  book.addLine('a', block([1, 2, 3], 5));
  book.addLine('a', block([1, 2, 3, 4], 5, '__proto__'));
  expect(book.view()?.filled).toMatchObject({ events: 10, counts: { h: [0, 0, 0, 0] } });
});

test('many points of a scan keep a bounded memory', () => {
  const book = new HistogramBook();
  for (let energy = 0; energy < 1000; energy++) {
    book.begin(`u${energy}`, filling(energy));
    book.addLine(`u${energy}`, block([1, 0, 0, 0]));
    book.finish(`u${energy}`);
  }
  book.begin('again', filling(0));
  expect(book.view()?.filled.events).toBe(0);
});

test('lines come out whole however the writes are cut', () => {
  const text = 'one\ntwo two\n\nthrée\nunfinished';
  const bytes = Buffer.from(text);
  for (let size = 1; size <= bytes.length; size++) {
    const lines: string[] = [];
    const feed = new AppendedLines((line) => lines.push(line));
    for (let at = 0; at < bytes.length; at += size) feed.write(at, bytes.subarray(at, at + size));
    expect(lines).toEqual(['one', 'two two', '', 'thrée']);
  }
});

test('writes that overlap count once, and after a gap nothing is made up', () => {
  const lines: string[] = [];
  const feed = new AppendedLines((line) => lines.push(line));
  feed.write(0, Buffer.from('a\nb\n'));
  feed.write(0, Buffer.from('a\nb\nc\n'));
  feed.write(2, Buffer.from('b\n'));
  feed.write(100, Buffer.from('far\n'));
  expect(lines).toEqual(['a', 'b', 'c']);
});

test('a line without end is dropped, not gathered', () => {
  const lines: string[] = [];
  const feed = new AppendedLines((line) => lines.push(line));
  const piece = new Uint8Array(1024 * 1024).fill(120);
  for (let i = 0; i < 20; i++) feed.write(i * piece.length, piece);
  feed.write(20 * piece.length, Buffer.from('\nnext\n'));
  expect(lines).toEqual(['next']);
});
