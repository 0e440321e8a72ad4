import type { HostRow, PersonRow, TeamRow, TotalsRow } from './queries.ts';

/**
 * What BOINC's statistics sites read: github.com/BOINC/boinc/wiki/XmlStats, the elements and their order those of
 * sched/db_dump.cpp (write_user, write_team, write_host, tables_file). What we do not know of a host is left out. A credit is a
 * second of the reference core (docs/credit.md), no cobblestone.
 */
type Element = readonly [name: string, value: string | number | null];

export function usersXml(people: readonly PersonRow[], at: Date): string {
  return document(
    'users',
    people.map((one) =>
      record('user', [
        ['id', one.id],
        ['name', one.name],
        ['create_time', seconds(one.created_at)],
        ['total_credit', credit(one.credit)],
        ['expavg_credit', one.a_day.toFixed(6)],
        ['expavg_time', seconds(at)],
        ['cpid', one.public_id],
        ['country', one.country],
        ['teamid', one.team_id],
      ]),
    ),
  );
}

export function teamsXml(teams: readonly TeamRow[], at: Date): string {
  return document(
    'teams',
    teams.map((one) =>
      record('team', [
        ['id', one.id],
        // 0: of no kind that BOINC has a name for.
        ['type', 0],
        ['name', one.name],
        ['userid', one.founder_id ?? 0],
        ['total_credit', credit(one.credit)],
        ['expavg_credit', one.a_day.toFixed(6)],
        ['expavg_time', seconds(at)],
        ['founder_name', one.founder],
        ['create_time', seconds(one.created_at)],
        ['url', one.url],
        ['description', one.description === '' ? null : one.description],
        ['country', one.country ?? 'None'],
      ]),
    ),
  );
}

/** @param pseudonym what hosts are known by in public */
export function hostsXml(hosts: readonly HostRow[], at: Date, pseudonym: (id: number) => string): string {
  return document(
    'hosts',
    hosts.map((one) =>
      record('host', [
        ['id', one.id],
        ['userid', one.account_id],
        ['total_credit', credit(one.credit)],
        ['expavg_credit', one.a_day.toFixed(6)],
        ['expavg_time', seconds(at)],
        ['os_name', one.os],
        ['create_time', seconds(one.registered_at)],
        ['ncpus', one.cores],
        ['host_cpid', pseudonym(one.id)],
      ]),
    ),
  );
}

/** @param applications their names */
export function tablesXml(totals: TotalsRow, applications: readonly string[], at: Date): string {
  return document('tables', [
    elements([
      ['update_time', seconds(at)],
      ['nusers_total', totals.accounts],
      ['nteams_total', totals.teams],
      ['nhosts_total', totals.hosts],
      ['total_credit', credit(totals.credit)],
    ]),
    `<applications>\n${applications.map((name) => record('application', [['name', name]])).join('')}</applications>\n`,
  ]);
}

function document(tag: string, parts: readonly string[]): string {
  return `<?xml version="1.0" encoding="iso-8859-1"?>\n<${tag}>\n${parts.join('')}</${tag}>\n`;
}

function record(tag: string, parts: readonly Element[]): string {
  return `<${tag}>\n${elements(parts)}</${tag}>\n`;
}

function elements(parts: readonly Element[]): string {
  return parts
    .filter(([, value]) => value !== null)
    .map(([name, value]) => ` <${name}>${escaped(String(value))}</${name}>\n`)
    .join('');
}

/** ASCII whatever it was, so that the encoding above is true; characters that XML 1.0 has not are left out. */
function escaped(text: string): string {
  return [...text]
    .map((letter) => {
      const code = letter.codePointAt(0) ?? 0;
      if (
        (code < 0x20 && code !== 0x9 && code !== 0xa) ||
        (code >= 0xd800 && code < 0xe000) ||
        code === 0xfffe ||
        code === 0xffff
      )
        return '';
      return code > 0x7e || '<>&"\''.includes(letter) ? `&#${code};` : letter;
    })
    .join('');
}

function seconds(at: Date): number {
  return Math.floor(at.getTime() / 1000);
}

function credit(microseconds: number): string {
  return (microseconds / 1e6).toFixed(6);
}
