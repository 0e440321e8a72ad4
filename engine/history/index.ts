export { History } from './history.ts';
export { type Fills, HistoryError, type PointSums, type Totals, type UnitRecord } from './records.ts';
