-- The life of a campaign (campaigns/life.ts): its state and why, whose it is and which goes first, until when.
ALTER TABLE campaign DROP CONSTRAINT campaign_state_check;
ALTER TABLE campaign ADD CONSTRAINT campaign_state_check
  CHECK (state IN ('running', 'paused', 'cancelled', 'complete'));
ALTER TABLE campaign
  ADD COLUMN reason   text,
  ADD COLUMN owner    text    NOT NULL DEFAULT 'staff',
  ADD COLUMN priority integer NOT NULL DEFAULT 0,
  ADD COLUMN deadline timestamptz,
  -- Events a point had each time the campaign was extended; see campaigns/units.ts.
  ADD COLUMN extended_from bigint[] NOT NULL DEFAULT '{}',
  -- referenceMicrosecondsPerEvent of the release: shares of owners are counted in computing time.
  ADD COLUMN event_cost_us double precision NOT NULL DEFAULT 1,
  -- {hosts, units} as long as the release is tried on few hosts.
  ADD COLUMN canary jsonb;
UPDATE campaign SET event_cost_us = (release.body::jsonb->>'referenceMicrosecondsPerEvent')::double precision
FROM release WHERE release.id = campaign.release_id;
CREATE INDEX campaign_canary ON campaign (release_id) WHERE canary IS NOT NULL;

CREATE TABLE canary_host (
  campaign_id bigint NOT NULL REFERENCES campaign,
  host_id     bigint NOT NULL REFERENCES host,
  PRIMARY KEY (campaign_id, host_id)
);
