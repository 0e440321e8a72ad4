import type { HistogramAxis } from '../../protocol/release.ts';
import { AnyBlock, type Card } from '../../protocol/work-unit.ts';
import { Scanner } from './scan.ts';

/** The sums of a result or of a whole point. `counts` holds all histograms, one after the other in the release's order. */
export interface Sums {
  /** null: there is no cross-section. */
  readonly maximumPb: number | null;
  readonly attempted: number;
  readonly accepted: number;
  readonly counts: readonly number[];
}

/** A result's blocks do not say what its card asks for. Place and reason in words. */
export class BlocksInvalid extends Error {
  override readonly name = 'BlocksInvalid';
}

/** No analysis fills a histogram more often than this for one event; more is nonsense or an attempt to drown the sum. */
const MAX_FILLS_PER_EVENT = 10_000;

/** Underflow, bins, overflow. */
export function binCount(axis: Pick<HistogramAxis, 'edges'>): number {
  return axis.edges.length + 1;
}

export function emptyCounts(axes: readonly HistogramAxis[]): number[] {
  return new Array<number>(axes.reduce((sum, axis) => sum + binCount(axis), 0)).fill(0);
}

/** The inverse of how Sums.counts is laid out. */
export function histogramsOf(
  counts: readonly number[],
  axes: readonly HistogramAxis[],
): Record<string, number[]> {
  const histograms: Record<string, number[]> = {};
  let at = 0;
  for (const axis of axes) {
    histograms[axis.name] = counts.slice(at, at + binCount(axis));
    at += binCount(axis);
  }
  return histograms;
}

/** @returns complete lines without their ends; a text that does not end in a newline is not whole */
export function blockLines(text: string): string[] {
  if (!text.endsWith('\n')) throw new BlocksInvalid('does not end in a newline: the file is cut');
  return text.slice(0, -1).split('\n');
}

/**
 * Checks blocks.jsonl against the card and the release, and adds it up: blocks contiguous from the card's first
 * event to its last, every histogram of the release with the right number of counts, as many accepted as
 * generated events.
 * @throws BlocksInvalid with the line
 */
export function sumBlocks(bytes: Buffer, card: Card, axes: readonly HistogramAxis[]): Sums {
  return scannedBlocks(bytes, card, axes) ?? parsedBlocks(bytes.toString('utf8'), card, axes);
}

function parsedBlocks(text: string, card: Card, axes: readonly HistogramAxis[]): Sums {
  const lines = blockLines(text);
  const expected = Math.ceil(card.events / card.blockEvents);
  if (lines.length !== expected) {
    throw new BlocksInvalid(`has ${lines.length} blocks, the card asks for ${expected}`);
  }
  const counts = emptyCounts(axes);
  let maximumPb: number | null = null;
  let attempted = 0;
  let accepted = 0;
  let sections = 0;
  lines.forEach((line, i) => {
    const fail = (reason: string) => new BlocksInvalid(`line ${i + 1}: ${reason}`);
    const block = parseBlock(line, fail);
    const { firstEvent, events } = eventsOfBlock(card, i);
    if (block.firstEvent !== firstEvent || block.events !== events) {
      throw fail(
        `is of ${block.events} events from ${block.firstEvent}, expected ${events} from ${firstEvent}`,
      );
    }
    const section = block.crossSection;
    if (section === null) {
      addHistograms(counts, block, axes, fail);
      return;
    }
    sections += 1;
    if (section.accepted !== events)
      throw fail(`accepted ${section.accepted} of ${events} events; must be equal`);
    if (section.attempted < section.accepted) throw fail('fewer events attempted than accepted');
    maximumPb ??= section.maximumPb;
    if (section.maximumPb !== maximumPb) throw fail('maximumPb differs from that of the first block');
    attempted += section.attempted;
    accepted += section.accepted;
    addHistograms(counts, block, axes, fail);
  });
  if (sections > 0 && sections < lines.length)
    throw new BlocksInvalid('has a cross-section in some blocks and not in others');
  if (!Number.isSafeInteger(attempted)) throw new BlocksInvalid('the sum of attempted is no exact number');
  return { maximumPb, attempted, accepted, counts };
}

/** Which events block `index` of a work unit has. */
export function eventsOfBlock(card: Card, index: number): { firstEvent: number; events: number } {
  const firstEvent = card.firstEvent + index * card.blockEvents;
  return { firstEvent, events: Math.min(card.blockEvents, card.firstEvent + card.events - firstEvent) };
}

/**
 * The same for blocks that are all in order and written as programs write them (protocol/work-unit.ts: no spaces,
 * keys in their order; histograms in the release's): ten times as fast as parsing.
 * @returns null where anything is otherwise, be it wrong or only written in another way
 */
export function scannedBlocks(bytes: Buffer, card: Card, axes: readonly HistogramAxis[]): Sums | null {
  const scan = new Scanner(bytes);
  const counts = emptyCounts(axes);
  const blocks = Math.ceil(card.events / card.blockEvents);
  const heads = axes.map(({ name }, i) => Buffer.from(`${i > 0 ? '],' : ''}${JSON.stringify(name)}:[`));
  let maximumPb: number | null = null;
  let attempted = 0;
  let accepted = 0;
  for (let i = 0; i < blocks; i++) {
    const { firstEvent, events } = eventsOfBlock(card, i);
    const start = `{"firstEvent":${firstEvent},"events":${events},"crossSection":{"maximumPb":`;
    if (!scan.literal(Buffer.from(start)) || !scan.positive()) return null;
    maximumPb ??= scan.value;
    if (scan.value !== maximumPb || !scan.literal(ATTEMPTED) || !scan.count()) return null;
    if (scan.value < events) return null;
    attempted += scan.value;
    accepted += events;
    if (!scan.literal(Buffer.from(`,"accepted":${events}},"histograms":{`))) return null;
    let at = 0;
    let index = 0;
    for (const axis of axes) {
      const head = heads[index++];
      if (!head || !scan.literal(head)) return null;
      const total = scan.addCounts(counts, at, binCount(axis));
      if (total < 0 || total > mostEntries(events, axis)) return null;
      at += binCount(axis);
    }
    if (!scan.literal(axes.length > 0 ? END : EMPTY_END)) return null;
  }
  if (maximumPb === null || !scan.atEnd || !Number.isSafeInteger(attempted)) return null;
  return { maximumPb, attempted, accepted, counts };
}

const ATTEMPTED = Buffer.from(',"attempted":');
const END = Buffer.from(']}}\n');
const EMPTY_END = Buffer.from('}}\n');

function mostEntries(events: number, axis: HistogramAxis): number {
  return events * MAX_FILLS_PER_EVENT * (axis.scale ?? 1);
}

function parseBlock(line: string, fail: (reason: string) => Error): AnyBlock {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw fail(`not JSON (${cause instanceof Error ? cause.message : String(cause)})`);
  }
  const parsed = AnyBlock.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw fail(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a block'}`);
}

function addHistograms(
  sums: number[],
  block: AnyBlock,
  axes: readonly HistogramAxis[],
  fail: (reason: string) => Error,
): void {
  const unknown = Object.keys(block.histograms).find((name) => !axes.some((axis) => axis.name === name));
  if (unknown !== undefined) throw fail(`histogram "${unknown}" is not in the release`);
  let at = 0;
  for (const axis of axes) {
    const counts = Object.hasOwn(block.histograms, axis.name) ? block.histograms[axis.name] : undefined;
    if (!counts) throw fail(`histogram "${axis.name}" is missing`);
    if (counts.length !== binCount(axis)) {
      throw fail(
        `histogram "${axis.name}" has ${counts.length} counts, expected ${binCount(axis)} (underflow, bins, overflow)`,
      );
    }
    let total = 0;
    for (const count of counts) {
      total += count;
      sums[at] = (sums[at] ?? 0) + count;
      at++;
    }
    if (total > mostEntries(block.events, axis)) {
      throw fail(`histogram "${axis.name}" holds ${total} entries for ${block.events} events`);
    }
  }
}
