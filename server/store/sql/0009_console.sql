-- What staff note on a campaign's histograms (campaigns/notes.ts).
CREATE TABLE note (
  campaign_id bigint      NOT NULL REFERENCES campaign,
  -- A histogram's name, or "data:" and the id of a table of measurements.
  histogram   text        NOT NULL,
  text        text        NOT NULL,
  at          timestamptz NOT NULL,
  PRIMARY KEY (campaign_id, histogram)
);

-- The last failures are looked at again and again (operations/); results are too many to be searched for them.
CREATE INDEX result_bad ON result (lease_id) WHERE state IN ('failed', 'invalid');
