import type { PostgresqlServer } from '../../server/testkit/postgresql.ts';

/**
 * A project that has had `rows` results, each of a unit of its own, of 100,000 hosts: made in the database itself, beside the
 * campaign that is worked on. Row by row as long as real ones, with as many keys in every index.
 */
export function fill(postgresql: PostgresqlServer, rows: number): void {
  postgresql.sql(`
    SET synchronous_commit = off;
    INSERT INTO host (token_sha256, cores, os, engine_version, registered_at)
      SELECT encode(sha256(('host ' || i)::bytea), 'hex'), 4, 'bench', '0', now() FROM generate_series(1, 100000) AS i;
    INSERT INTO campaign (name, spec, spec_text, release_id, platforms, state, created_at, points, units, units_made, units_valid, events_valid, event_cost_us)
      SELECT 'finished', jsonb_set(spec, '{name}', '"finished"'), spec_text, release_id, platforms, 'complete', now(), points,
             ${rows}, ${rows}, ${rows}, ${rows} * 100, event_cost_us FROM campaign WHERE name = 'bench';
    INSERT INTO point (campaign_id, index, parameters, counts, units_valid, events_valid)
      SELECT (SELECT id FROM campaign WHERE name = 'finished'), index, parameters, counts, ${rows} / 3, ${rows} / 3 * 100
      FROM point WHERE campaign_id = (SELECT id FROM campaign WHERE name = 'bench');
    INSERT INTO unit (campaign_id, point_index, first_event, events, state, quorum, agreeing)
      SELECT (SELECT id FROM campaign WHERE name = 'finished'), i % 3, i / 3 * 100, 100, 'valid', 1, 1
      FROM generate_series(0, ${rows} - 1) AS i;
    INSERT INTO result (lease_id, campaign_id, unit_id, host_id, state, output_hash, files, capsule, seconds,
                        credit_microseconds, reported_at, checked)
      SELECT nextval('lease_id_seq'), campaign_id, id, (SELECT min(id) FROM host) + (id * 7919) % 100000, 'valid',
             encode(sha256(id::text::bytea), 'hex'),
             jsonb_build_array(
               jsonb_build_object('path', 'blocks.jsonl', 'sha256', encode(sha256(('b' || id)::bytea), 'hex'), 'bytes', 9000),
               jsonb_build_object('path', 'events.hepmc', 'sha256', encode(sha256(('e' || id)::bytea), 'hex'), 'bytes', 4000),
               jsonb_build_object('path', 'summary.json', 'sha256', encode(sha256(('s' || id)::bytea), 'hex'), 'bytes', 600)),
             'wasm', 1, 4000, now(), 0
      FROM unit WHERE campaign_id = (SELECT id FROM campaign WHERE name = 'finished');
    INSERT INTO packed (sha256, pack, start, bytes)
      SELECT sha256((kind || i)::bytea), 1 + i / 100000, i::bigint * 9000, 9000
      FROM generate_series(1, ${rows}) AS i, unnest(ARRAY['b', 'e', 's']) AS kind;
    VACUUM ANALYZE;
    CHECKPOINT;`);
}
