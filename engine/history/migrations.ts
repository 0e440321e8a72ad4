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
  // Until here "project" held its name; from now on the fingerprint of its key (adopt-projects.ts turns what it can).
  `
  ALTER TABLE units ADD COLUMN project_name TEXT NOT NULL DEFAULT '';
  UPDATE units SET project_name = project;
  ALTER TABLE days ADD COLUMN project_name TEXT NOT NULL DEFAULT '';
  UPDATE days SET project_name = project;

  DROP INDEX units_by_finish;
  CREATE INDEX units_newest ON units (finished_at, lease_id);
  CREATE INDEX units_of_campaign ON units (project, campaign, finished_at, lease_id);
  CREATE INDEX units_by_verdict ON units (verdict, finished_at, lease_id);

  -- What this host's validated units fill of each point of a campaign.
  CREATE TABLE points (
    project            TEXT NOT NULL,
    campaign           TEXT NOT NULL,
    -- JSON with sorted keys
    parameters         TEXT NOT NULL,
    events             INTEGER NOT NULL,
    -- JSON: name of the histogram -> counts
    counts             TEXT NOT NULL,
    PRIMARY KEY (project, campaign, parameters)
  ) STRICT, WITHOUT ROWID;
  `,
];
