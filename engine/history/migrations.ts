/**
 * Forward only: a released step is never changed, a new one is added at the end. Its number is SQLite's user_version
 * once it has run; each runs in one transaction with that number.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE units (
    lease_id           TEXT PRIMARY KEY,
    unit_id            TEXT NOT NULL,
    project            TEXT NOT NULL,
    campaign           TEXT NOT NULL,
    campaign_title     TEXT NOT NULL,
    application        TEXT NOT NULL,
    events             INTEGER NOT NULL,
    seconds            REAL NOT NULL,
    cpu_seconds        REAL NOT NULL,
    events_per_second  REAL NOT NULL,
    verdict            TEXT NOT NULL,
    credit_microseconds INTEGER NOT NULL,
    reason             TEXT,
    output_hash        TEXT,
    capsule            TEXT NOT NULL,
    accelerator        TEXT,
    boot_ms            REAL,
    restore_ms         REAL,
    first_event_ms     REAL,
    finished_at        TEXT NOT NULL,
    -- The person's calendar day when the unit was first recorded; a later verdict counts for that day.
    day                TEXT NOT NULL
  ) STRICT;
  CREATE INDEX units_by_finish ON units (finished_at);

  CREATE TABLE days (
    day                TEXT NOT NULL,
    project            TEXT NOT NULL,
    campaign           TEXT NOT NULL,
    units_computed     INTEGER NOT NULL DEFAULT 0,
    events_computed    INTEGER NOT NULL DEFAULT 0,
    units_valid        INTEGER NOT NULL DEFAULT 0,
    events_valid       INTEGER NOT NULL DEFAULT 0,
    units_invalid      INTEGER NOT NULL DEFAULT 0,
    credit_microseconds INTEGER NOT NULL DEFAULT 0,
    cpu_seconds        REAL NOT NULL DEFAULT 0,
    first_finished_at  TEXT NOT NULL,
    PRIMARY KEY (day, project, campaign)
  ) STRICT, WITHOUT ROWID;
  `,
];
