-- Campaigns with `adaptive` (campaigns/adaptive.ts): work units that a point has and is to have, and its relative error as last
-- seen. NULL in all others.
ALTER TABLE point
  ADD COLUMN units_made bigint,
  ADD COLUMN units_wanted bigint,
  ADD COLUMN relative_error double precision,
  ADD CHECK (units_made <= units_wanted);
