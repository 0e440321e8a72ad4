import type { ComparedBin } from '../../../protocol/compare.ts';
import type { Bin, Bins } from '../draw/histogram.ts';
import { count, plainNumber, significant } from '../format.ts';
import { t } from './index.ts';

/** "2.5 GeV" and the like for chart readings. */
export function range(low: number, high: number): string {
  return t('chart.range', { low: plainNumber(low), high: plainNumber(high) });
}

/** What a bin holds: a whole number of events, or a part of one of each event. */
export function binValue({ events }: Bins, { value }: Bin): string {
  return events === null ? count(value) : significant(value, 3);
}

export function binError({ valueError }: Bin): string {
  return significant(valueError, 2);
}

export function binReading(bins: Bins, bin: Bin): string {
  return t(bins.events === null ? 'chart.reading' : 'chart.readingPerEvent', {
    range: range(bin.low, bin.high),
    count: binValue(bins, bin),
    error: binError(bin),
  });
}

/** "0.3 ± 0.1", and where the error has two sides "0.3 + 0.2 − 0.1" */
export function dataValue({ data, errorDown, errorUp }: ComparedBin): string {
  const value = significant(data, 3);
  return errorUp === errorDown
    ? `${value} ± ${significant(errorUp, 2)}`
    : `${value} + ${significant(errorUp, 2)} − ${significant(errorDown, 2)}`;
}

export function modelValue({ model, modelError }: ComparedBin): string {
  return `${significant(model, 3)} ± ${significant(modelError, 2)}`;
}

/** Of a bin, in two parts: what was measured, and what is computed. */
export function measuredReading(bin: ComparedBin): string {
  return t('measured.reading', { range: range(bin.low, bin.high), value: dataValue(bin) });
}

export function computedReading(bin: ComparedBin): string {
  return t('measured.readingComputed', { value: modelValue(bin) });
}
