import type { Database } from '../open.ts';
import type { Fills, PointSums } from '../records.ts';

/** Adds what a unit filled to the sums of its point; in the transaction that makes it valid, so that it counts once. */
export function addToPoint(database: Database, project: string, campaign: string, fills: Fills): void {
  const known = database.get(
    'SELECT events, counts FROM points WHERE project = ? AND campaign = ? AND parameters = ?',
    [project, campaign, fills.parameters],
  );
  const counts: Record<string, number[]> = known ? JSON.parse(String(known.counts)) : {};
  for (const [name, more] of Object.entries(fills.counts)) {
    const sum = counts[name];
    counts[name] = sum ? sum.map((count, bin) => count + (more[bin] ?? 0)) : [...more];
  }
  database.run(
    `INSERT INTO points (project, campaign, parameters, events, counts) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (project, campaign, parameters) DO UPDATE SET events = excluded.events, counts = excluded.counts`,
    [
      ...[project, campaign, fills.parameters],
      Number(known?.events ?? 0) + fills.events,
      JSON.stringify(counts),
    ],
  );
}

export function listPoints(database: Database, project: string, campaign: string): PointSums[] {
  return database
    .all('SELECT parameters, events, counts FROM points WHERE project = ? AND campaign = ?', [
      project,
      campaign,
    ])
    .map((row) => ({
      parameters: String(row.parameters),
      events: Number(row.events),
      counts: JSON.parse(String(row.counts)),
    }));
}
