-- Small objects lie in packs (objects/packs.ts); here is where.
CREATE TABLE packed (
  sha256 bytea   PRIMARY KEY,
  pack   integer NOT NULL,
  start  bigint  NOT NULL,
  bytes  integer NOT NULL
);

-- Windows has exit statuses to 2^32 - 1.
ALTER TABLE result ALTER COLUMN exit_status TYPE bigint;
