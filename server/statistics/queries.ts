import { A_DAY } from './averages.ts';

/** The SQL of statistics; $1 is now, and credit a day is as of then. Names stand in it of those who agreed, and of nobody else. */

export interface PersonRow {
  readonly id: number;
  readonly public_id: string;
  readonly name: string;
  readonly country: string | null;
  readonly team_id: number | null;
  readonly team: string | null;
  readonly created_at: Date;
  readonly hosts: number;
  readonly credit: number;
  readonly a_day: number;
  readonly events: number;
}
/** $2 at most. */
export const PEOPLE = `
  SELECT account.id, public_id, account.name, account.country, team_id, team.name AS team, account.created_at,
         count(*) AS hosts, sum(host.credit_microseconds)::bigint AS credit, sum(events_valid)::bigint AS events,
         sum(${A_DAY}) AS a_day
  FROM account JOIN host ON account_id = account.id LEFT JOIN host_average AS had ON host_id = host.id
    LEFT JOIN team ON team.id = team_id
  WHERE published
  GROUP BY account.id, team.id HAVING sum(host.credit_microseconds) > 0
  ORDER BY credit DESC, account.id LIMIT $2`;

export interface TeamRow {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly url: string | null;
  readonly country: string | null;
  readonly created_at: Date;
  readonly founder_id: number | null;
  /** null: they do not want to be named, or are no more. */
  readonly founder: string | null;
  readonly members: number;
  readonly credit: number;
  readonly a_day: number;
}
/** $2 at most; $3 one team, or null for all. */
export const TEAMS = `
  SELECT team.id, team.name, team.description, team.url, team.country, team.created_at,
         CASE WHEN founder.published THEN founder.id END AS founder_id,
         CASE WHEN founder.published THEN founder.name END AS founder,
         (SELECT count(*) FROM account WHERE team_id = team.id) AS members,
         coalesce(sum(host.credit_microseconds), 0)::bigint AS credit, coalesce(sum(${A_DAY}), 0) AS a_day
  FROM team LEFT JOIN account AS founder ON founder.id = founder_id
    LEFT JOIN account ON account.team_id = team.id
    LEFT JOIN host ON host.account_id = account.id LEFT JOIN host_average AS had ON had.host_id = host.id
  WHERE $3::bigint IS NULL OR team.id = $3
  GROUP BY team.id, founder.id
  ORDER BY credit DESC, team.id LIMIT $2`;

export interface HostRow {
  readonly id: number;
  readonly account_id: number | null;
  readonly person: string | null;
  readonly os: string;
  readonly cores: number;
  readonly registered_at: Date;
  readonly credit: number;
  readonly a_day: number;
}
/** $2 at most; $3 true: those of published people alone. */
export const HOSTS = `
  SELECT host.id, CASE WHEN published THEN account.id END AS account_id,
         CASE WHEN published THEN account.name END AS person, os, cores, registered_at,
         host.credit_microseconds AS credit, ${A_DAY} AS a_day
  FROM host LEFT JOIN host_average AS had ON host_id = host.id LEFT JOIN account ON account.id = account_id
  WHERE host.credit_microseconds > 0 AND (published OR NOT $3)
  ORDER BY host.credit_microseconds DESC, host.id LIMIT $2`;

export interface CountryRow {
  readonly country: string;
  readonly people: number;
  readonly credit: number;
}
export const COUNTRIES = `
  SELECT country, count(DISTINCT account.id) AS people, coalesce(sum(credit_microseconds), 0)::bigint AS credit
  FROM account LEFT JOIN host ON account_id = account.id
  WHERE published AND country IS NOT NULL
  GROUP BY country ORDER BY credit DESC, country`;

export interface TotalsRow {
  readonly accounts: number;
  readonly teams: number;
  readonly hosts: number;
  readonly credit: number;
  readonly a_day: number;
  readonly events: number;
}
/** Of all, whoever agreed. */
export const TOTALS = `
  SELECT (SELECT count(*) FROM account) AS accounts, (SELECT count(*) FROM team) AS teams, count(*) AS hosts,
         coalesce(sum(host.credit_microseconds), 0)::bigint AS credit, coalesce(sum(events_valid), 0)::bigint AS events,
         coalesce(sum(${A_DAY}), 0) AS a_day
  FROM host LEFT JOIN host_average AS had ON host_id = host.id`;

export interface OwnHostRow {
  readonly id: number;
  readonly os: string;
  readonly cores: number;
  readonly engine_version: string;
  readonly registered_at: Date;
  readonly credit: number;
  readonly events: number;
  readonly a_day: number;
}
/** $2 whose. */
export const OWN_HOSTS = `
  SELECT id, os, cores, engine_version, registered_at, host.credit_microseconds AS credit, events_valid AS events,
         ${A_DAY} AS a_day
  FROM host LEFT JOIN host_average AS had ON host_id = id WHERE account_id = $2 ORDER BY id`;
