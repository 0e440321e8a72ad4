import { expect, it } from 'vitest';
import type { HistoryDay } from '../../../protocol/engine-api.ts';
import { toCsv, toJson } from './export.ts';

const day: HistoryDay = {
  day: '2026-11-24',
  project: 'abc',
  projectName: 'ABC',
  campaign: 'z-line',
  unitsValid: 1,
  eventsValid: 2,
  creditMicroseconds: 3,
  cpuSeconds: 4.5,
};

it('writes a line a day and campaign', () => {
  expect(toCsv([day])).toBe(
    'day,project,campaign,unitsValid,eventsValid,creditMicroseconds,cpuSeconds\r\n2026-11-24,abc,z-line,1,2,3,4.5\r\n',
  );
  expect(JSON.parse(toJson([day]))).toEqual({ days: [day] });
});

it('quotes what would break a line, and makes no formula out of a name', () => {
  const line = toCsv([{ ...day, project: 'a,"b"\nc', campaign: '=HYPERLINK("x")' }]).split('\r\n')[1];
  expect(line).toBe(`2026-11-24,"a,""b""\nc","'=HYPERLINK(""x"")",1,2,3,4.5`);
});
