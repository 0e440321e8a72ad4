-- Identities are plain numbers; the API shows them as h17 (host), c3 (campaign), u523 (work unit), l991 (lease).

CREATE TABLE host (
  id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  token_sha256   text        NOT NULL UNIQUE,
  cores          integer     NOT NULL,
  os             text        NOT NULL,
  engine_version text        NOT NULL,
  registered_at  timestamptz NOT NULL,
  credit_microseconds bigint NOT NULL DEFAULT 0 CHECK (credit_microseconds >= 0),
  events_valid   bigint      NOT NULL DEFAULT 0,
  results_valid  bigint      NOT NULL DEFAULT 0,
  results_invalid bigint     NOT NULL DEFAULT 0,
  results_failed bigint      NOT NULL DEFAULT 0
) WITH (fillfactor = 70);

-- Signed documents are kept as the bytes that were signed.
CREATE TABLE release (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  application text        NOT NULL,
  version     text        NOT NULL,
  body        text        NOT NULL,
  signature   text        NOT NULL,
  added_at    timestamptz NOT NULL,
  UNIQUE (application, version)
);

CREATE TABLE appliance (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  image     text        NOT NULL UNIQUE,
  body      text        NOT NULL,
  signature text        NOT NULL,
  -- The one given to hosts is the last one put.
  added_at  timestamptz NOT NULL
);

CREATE TABLE campaign (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name        text        NOT NULL UNIQUE,
  -- CampaignSpec as validated; spec_text is its canonical form, for "the very same again".
  spec        jsonb       NOT NULL,
  spec_text   text        NOT NULL,
  release_id  bigint      NOT NULL REFERENCES release,
  platforms   text[]      NOT NULL,
  state       text        NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'complete')),
  created_at  timestamptz NOT NULL,
  points      bigint      NOT NULL,
  units       bigint      NOT NULL,
  -- Work units are made as they are wanted, in this order; see campaigns/units.ts.
  units_made  bigint      NOT NULL DEFAULT 0,
  units_valid bigint      NOT NULL DEFAULT 0,
  units_aside bigint      NOT NULL DEFAULT 0,
  events_valid bigint     NOT NULL DEFAULT 0,
  CHECK (units_made <= units AND units_valid + units_aside <= units_made)
) WITH (fillfactor = 50);

-- What is merged so far. counts holds all histograms of the release one after the other, in its order.
CREATE TABLE point (
  campaign_id  bigint NOT NULL REFERENCES campaign,
  index        bigint NOT NULL,
  parameters   jsonb  NOT NULL,
  units_valid  bigint NOT NULL DEFAULT 0,
  events_valid bigint NOT NULL DEFAULT 0,
  maximum_pb   double precision,
  attempted    bigint NOT NULL DEFAULT 0,
  accepted     bigint NOT NULL DEFAULT 0,
  counts       bigint[] NOT NULL,
  PRIMARY KEY (campaign_id, index)
) WITH (fillfactor = 50);

-- agreeing: largest number of undecided results with one output hash; leased: leases out; wanted: leases to give now.
CREATE TABLE unit (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  campaign_id bigint   NOT NULL REFERENCES campaign,
  point_index bigint   NOT NULL,
  first_event bigint   NOT NULL,
  events      bigint   NOT NULL,
  state       text     NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'valid', 'aside')),
  quorum      smallint NOT NULL,
  agreeing    smallint NOT NULL DEFAULT 0 CHECK (agreeing >= 0),
  leased      smallint NOT NULL DEFAULT 0 CHECK (leased >= 0),
  failures    smallint NOT NULL DEFAULT 0,
  wanted      smallint GENERATED ALWAYS AS
    (CASE WHEN state = 'open' THEN greatest(0, quorum - agreeing - leased) ELSE 0 END) STORED,
  UNIQUE (campaign_id, point_index, first_event)
) WITH (fillfactor = 70);
CREATE INDEX unit_wanted ON unit (campaign_id, id) WHERE wanted > 0;
CREATE INDEX unit_aside ON unit (campaign_id, id) WHERE state = 'aside';

-- Only what hosts have in hand: a row goes when its result is reported or it is given back. An expired lease
-- stays, so that a late result is known.
CREATE TABLE lease (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  unit_id  bigint      NOT NULL REFERENCES unit,
  host_id  bigint      NOT NULL REFERENCES host,
  state    text        NOT NULL DEFAULT 'out' CHECK (state IN ('out', 'expired')),
  deadline timestamptz NOT NULL,
  UNIQUE (host_id, unit_id)
) WITH (fillfactor = 80);
CREATE INDEX lease_deadline ON lease (deadline) WHERE state = 'out';

-- One result a lease (the key is the lease's id), one result a host and unit.
CREATE TABLE result (
  lease_id     bigint PRIMARY KEY,
  campaign_id  bigint      NOT NULL REFERENCES campaign,
  unit_id      bigint      NOT NULL REFERENCES unit,
  host_id      bigint      NOT NULL REFERENCES host,
  state        text        NOT NULL CHECK (state IN ('pending', 'valid', 'invalid', 'failed', 'late')),
  reason       text,
  output_hash  text,
  files        jsonb       NOT NULL,
  capsule      text        NOT NULL,
  seconds      double precision NOT NULL,
  exit_status  integer,
  console_tail text,
  credit_microseconds bigint NOT NULL DEFAULT 0,
  reported_at  timestamptz NOT NULL,
  UNIQUE (unit_id, host_id)
) WITH (fillfactor = 90);
CREATE INDEX result_campaign ON result (campaign_id, lease_id);
CREATE INDEX result_pending ON result (host_id) WHERE state = 'pending';

-- The durable queue of spot checks: a row from the result's acceptance to its decision.
CREATE TABLE spot_check (
  lease_id   bigint PRIMARY KEY REFERENCES result,
  attempts   integer     NOT NULL DEFAULT 0,
  -- Not to be taken before: a claim lasts until then, and so does the pause after a fault of our own.
  not_before timestamptz NOT NULL
);
CREATE INDEX spot_check_order ON spot_check (not_before);

CREATE FUNCTION add_counts(a bigint[], b bigint[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT array_agg(x + y ORDER BY i) FROM unnest(a, b) WITH ORDINALITY AS t (x, y, i)
$$;
