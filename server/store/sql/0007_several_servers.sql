-- Whose store it is: several servers share one, each with the project's key in its data folder (folder.ts).
CREATE TABLE project (
  single          boolean PRIMARY KEY DEFAULT true CHECK (single),
  key_fingerprint text NOT NULL
);

-- Rows that change all the time are few and pass through small tables: vacuumed when a few hundred are dead, where
-- autovacuum's own fifth of a table would let dead entries gather at the head of the line.
ALTER TABLE lease      SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
ALTER TABLE unit       SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
ALTER TABLE spot_check SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
ALTER TABLE point      SET (autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE campaign   SET (autovacuum_vacuum_scale_factor = 0.02);
