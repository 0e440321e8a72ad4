-- People. Nobody needs an account; a host may be attached to one. Tokens and codes are kept as hashes only (secrets.ts).
CREATE TABLE team (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name        text        NOT NULL,
  description text        NOT NULL DEFAULT '',
  url         text,
  country     text,
  created_at  timestamptz NOT NULL
);
CREATE UNIQUE INDEX team_name ON team (lower(name));

CREATE TABLE account (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  login      text        NOT NULL UNIQUE,
  name       text        NOT NULL,
  email      text,
  -- ISO 3166-1 alpha-2; only where the person gave it.
  country    text,
  role       text        NOT NULL DEFAULT 'volunteer' CHECK (role IN ('volunteer', 'reviewer', 'staff', 'owner')),
  -- argon2id, as a PHC string (accounts/passwords.ts); null: passkeys alone.
  password   text,
  -- Consent to name and country in statistics that anybody may read.
  published  boolean     NOT NULL DEFAULT false,
  -- Random; what statistics sites know a person by in place of the id.
  public_id  text        NOT NULL UNIQUE,
  team_id    bigint      REFERENCES team ON DELETE SET NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX account_team ON account (team_id) WHERE team_id IS NOT NULL;
ALTER TABLE team ADD COLUMN founder_id bigint REFERENCES account ON DELETE SET NULL;

CREATE TABLE session (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id   bigint      NOT NULL REFERENCES account ON DELETE CASCADE,
  token_sha256 text        NOT NULL UNIQUE,
  -- What the browser calls itself.
  agent        text        NOT NULL,
  -- When the person last showed a password or passkey.
  signed_in_at timestamptz NOT NULL,
  seen_at      timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL
);
CREATE INDEX session_account ON session (account_id);

CREATE TABLE api_token (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id   bigint      NOT NULL REFERENCES account ON DELETE CASCADE,
  name         text        NOT NULL,
  token_sha256 text        NOT NULL UNIQUE,
  scopes       text[]      NOT NULL,
  created_at   timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL,
  used_at      timestamptz
);
CREATE INDEX api_token_account ON api_token (account_id);

CREATE TABLE passkey (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id    bigint      NOT NULL REFERENCES account ON DELETE CASCADE,
  -- base64url, as WebAuthn's JSON has it.
  credential_id text        NOT NULL UNIQUE,
  public_key    text        NOT NULL,
  counter       bigint      NOT NULL,
  transports    text[]      NOT NULL,
  name          text        NOT NULL,
  created_at    timestamptz NOT NULL,
  used_at       timestamptz
);
CREATE INDEX passkey_account ON passkey (account_id);

-- A passkey signs one of these, once. account_id: whose passkey is being added; null: somebody signs in.
CREATE TABLE challenge (
  challenge  text PRIMARY KEY,
  account_id bigint      REFERENCES account ON DELETE CASCADE,
  expires_at timestamptz NOT NULL
);

-- Said by a host within minutes, once: it is then its account's.
CREATE TABLE attach_code (
  code_sha256 text PRIMARY KEY,
  account_id  bigint      NOT NULL REFERENCES account ON DELETE CASCADE,
  expires_at  timestamptz NOT NULL
);

-- How often something may be tried (accounts/attempts.ts): a bucket for each key, which tells of no address.
CREATE TABLE attempt (
  key     text PRIMARY KEY,
  tokens  double precision NOT NULL,
  granted boolean     NOT NULL,
  at      timestamptz NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE invitation (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code        text        NOT NULL UNIQUE,
  label       text        NOT NULL,
  -- null: no limit.
  most_hosts  integer,
  hosts       integer     NOT NULL DEFAULT 0,
  expires_at  timestamptz,
  -- Names of the campaigns that hosts of it work for; null: all.
  campaigns   text[],
  preferences jsonb       NOT NULL DEFAULT '{}',
  revoked     boolean     NOT NULL DEFAULT false,
  created_at  timestamptz NOT NULL,
  CHECK (hosts <= most_hosts)
);

ALTER TABLE host
  ADD COLUMN account_id bigint REFERENCES account ON DELETE SET NULL,
  ADD COLUMN invitation_id bigint REFERENCES invitation;
CREATE INDEX host_account ON host (account_id) WHERE account_id IS NOT NULL;

-- Credit a day as BOINC averages it (statistics/averages.ts), as it was at `at`.
CREATE TABLE host_average (
  host_id bigint PRIMARY KEY REFERENCES host,
  -- The host's credit that is in the average.
  credit_microseconds bigint NOT NULL,
  microseconds_a_day  double precision NOT NULL,
  at      timestamptz NOT NULL
) WITH (fillfactor = 70);
