export { History } from './history.ts';
export { HistoryError, type Totals, type UnitRecord } from './records.ts';
