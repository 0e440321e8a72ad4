-- What a host's results were found to be worth (validate/risk.ts), counted in whole results.
ALTER TABLE host
  -- HMAC of its address block when it joined (network.ts); null: joined before this was kept.
  ADD COLUMN network text,
  -- Only ever grows; what counts is how much it grew since the host was last caught.
  ADD COLUMN checked   double precision NOT NULL DEFAULT 0,
  ADD COLUMN caught_at double precision NOT NULL DEFAULT 0,
  ADD COLUMN caught    integer NOT NULL DEFAULT 0,
  ADD COLUMN quarantined_until timestamptz,
  -- Its results that nobody confirmed are being taken back (validate/withdrawals.ts).
  ADD COLUMN withdrawing boolean NOT NULL DEFAULT false;
CREATE INDEX host_withdrawing ON host (id) WHERE withdrawing;

ALTER TABLE result
  -- Share of its blocks that the project regenerated; 1 where all were, or another host agreed.
  ADD COLUMN checked      double precision NOT NULL DEFAULT 0,
  -- Its host's `checked` when it was believed.
  ADD COLUMN host_checked double precision NOT NULL DEFAULT 0;
CREATE INDEX result_valid ON result (host_id, unit_id) WHERE state = 'valid';

-- null: as many blocks as the campaign says; true: all of them.
ALTER TABLE spot_check ADD COLUMN whole boolean NOT NULL DEFAULT false;

-- Caught hosts of an address block or a kind of capsule; of capsules also the results judged. Halved as time goes by.
CREATE TABLE suspicion (
  kind   text NOT NULL CHECK (kind IN ('network', 'capsule')),
  key    text NOT NULL,
  caught double precision NOT NULL,
  judged double precision NOT NULL,
  at     timestamptz NOT NULL,
  PRIMARY KEY (kind, key)
) WITH (fillfactor = 50);

-- Append-only: each row carries the hash of the one before (audit/chain.ts).
CREATE TABLE audit (
  number   bigint PRIMARY KEY,
  at       timestamptz NOT NULL,
  event    text NOT NULL,
  details  jsonb NOT NULL,
  previous text NOT NULL,
  hash     text NOT NULL
);
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END
$$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
