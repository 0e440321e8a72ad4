-- An account that somebody has at an institute (OpenID Connect), by which they sign in here. An institute knows its people by
-- `subject` alone: addresses of e-mail change hands.
CREATE TABLE institute_link (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id bigint      NOT NULL REFERENCES account ON DELETE CASCADE,
  issuer     text        NOT NULL,
  subject    text        NOT NULL,
  -- Whether the role is the institute's word, and ends with it.
  made_staff boolean     NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL,
  used_at    timestamptz NOT NULL,
  UNIQUE (issuer, subject),
  UNIQUE (account_id, issuer)
);

-- A browser has been sent to the institute, and has a cookie to be known by when it comes back, once. account_id: whose account is
-- being linked; null: somebody signs in.
CREATE TABLE institute_visit (
  browser_sha256 text PRIMARY KEY,
  account_id     bigint      REFERENCES account ON DELETE CASCADE,
  state          text        NOT NULL,
  nonce          text        NOT NULL,
  -- PKCE's code_verifier (RFC 7636).
  verifier       text        NOT NULL,
  expires_at     timestamptz NOT NULL
);

-- Each opens its account once, where the password was forgotten.
CREATE TABLE recovery_code (
  code_sha256 text PRIMARY KEY,
  account_id  bigint NOT NULL REFERENCES account ON DELETE CASCADE
);
CREATE INDEX recovery_code_account ON recovery_code (account_id);

-- Made by an owner for somebody who has forgotten all else.
CREATE TABLE reset_link (
  account_id   bigint PRIMARY KEY REFERENCES account ON DELETE CASCADE,
  token_sha256 text        NOT NULL UNIQUE,
  expires_at   timestamptz NOT NULL
);
