-- Work units cut to the host that takes them (dispatch/pace.ts). What a host was measured to do in a unit: a mean in which
-- the newest results count two thirds.
CREATE TABLE pace (
  host_id     bigint NOT NULL REFERENCES host,
  application text   NOT NULL,
  capsule     text   NOT NULL,
  events      double precision NOT NULL CHECK (events > 0),
  seconds     double precision NOT NULL CHECK (seconds > 0),
  bytes       double precision NOT NULL,
  -- Events of the largest unit.
  largest     bigint NOT NULL,
  at          timestamptz NOT NULL,
  PRIMARY KEY (host_id, application, capsule)
) WITH (fillfactor = 70);

-- Release.limits.outputBytes, where units have no fixed size.
ALTER TABLE campaign ADD COLUMN output_bytes bigint;

-- Chains: campaigns whose units take a file of another's (campaigns/chain.ts).
ALTER TABLE campaign ADD COLUMN from_id bigint REFERENCES campaign;
CREATE INDEX campaign_from ON campaign (from_id) WHERE from_id IS NOT NULL;
-- {sha256, bytes} of the file, in a campaign with `inputs`.
ALTER TABLE unit ADD COLUMN input jsonb;
