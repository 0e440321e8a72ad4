import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import {
  type STATISTICS_FILES,
  STATISTICS_ROWS,
  type Statistics,
  type Team,
} from '../../protocol/people-api.ts';
import { pseudonyms } from '../catalogue/pseudonyms.ts';
import { showId } from '../ids.ts';
import type { ProjectKey } from '../key.ts';
import type { Database } from '../store/database.ts';
import { updateAverages } from './averages.ts';
import { badgesOf } from './badges.ts';
import { hostsXml, tablesXml, teamsXml, usersXml } from './boinc-xml.ts';
import * as sql from './queries.ts';

/** They are asked for by anybody and cost a look at all hosts; each server keeps its own for so long. */
const PAGE_MS = 60_000;
/** Statistics sites come once or twice a day. */
const FILES_MS = 3_600_000;
/** More than any project has. */
const ALL = 10_000_000;

export type StatisticsFile = (typeof STATISTICS_FILES)[number];
type Files = Readonly<Record<StatisticsFile, Uint8Array<ArrayBuffer>>>;

export class ProjectStatistics {
  readonly #db: Database;
  readonly #now: () => Date;
  readonly #pseudonym: (hostId: number) => string;
  readonly #page: Kept<Statistics>;
  readonly #files: Kept<Files>;

  constructor(db: Database, key: Pick<ProjectKey, 'derive'>, now: () => Date) {
    this.#db = db;
    this.#now = now;
    // Not those of the catalogue: what somebody computed is not told with their name.
    this.#pseudonym = pseudonyms({ derive: () => key.derive('hosts in statistics') });
    this.#page = new Kept(() => this.#makePage(), PAGE_MS);
    this.#files = new Kept(() => this.#makeFiles(), FILES_MS);
  }

  page(): Promise<Statistics> {
    return this.#page.get(this.#now());
  }

  async file(name: StatisticsFile): Promise<Uint8Array<ArrayBuffer>> {
    return (await this.#files.get(this.#now()))[name];
  }

  /** Somebody who no longer agrees stands in none of this server from now on. */
  forget(): void {
    this.#page.forget();
    this.#files.forget();
  }

  async #makePage(): Promise<Statistics> {
    const now = this.#now();
    await updateAverages(this.#db, now);
    const at = now.toISOString();
    const [totals] = await this.#db.query<sql.TotalsRow>(sql.TOTALS, [at]);
    if (!totals) throw new Error('the store gave no totals');
    const people = await this.#db.query<sql.PersonRow>(sql.PEOPLE, [at, STATISTICS_ROWS]);
    const teams = await this.#db.query<sql.TeamRow>(sql.TEAMS, [at, STATISTICS_ROWS, null]);
    const hosts = await this.#db.query<sql.HostRow>(sql.HOSTS, [at, STATISTICS_ROWS, false]);
    const countries = await this.#db.query<sql.CountryRow>(sql.COUNTRIES);
    return {
      at,
      totals: {
        ...{ accounts: totals.accounts, teams: totals.teams, hosts: totals.hosts },
        ...{ creditMicroseconds: totals.credit, creditADay: totals.a_day, eventsValid: totals.events },
      },
      people: people.map((one, i) => ({
        ...{
          publicId: one.public_id,
          name: one.name,
          country: one.country,
          team: one.team,
          hosts: one.hosts,
        },
        ...{ creditMicroseconds: one.credit, creditADay: one.a_day },
        badges: badgesOf(one.credit, one.events, i + 1),
      })),
      teams: teams.map(shownTeam),
      hosts: hosts.map((one) => ({
        ...{ name: this.#pseudonym(one.id), person: one.person, os: one.os, cores: one.cores },
        ...{ creditMicroseconds: one.credit, creditADay: one.a_day },
      })),
      countries: countries.map((one) => ({
        ...{ country: one.country, people: one.people, creditMicroseconds: one.credit },
      })),
    };
  }

  /** One after the other: what is reported meanwhile may stand in one and not yet in another. */
  async #makeFiles(): Promise<Files> {
    const now = this.#now();
    const at = now.toISOString();
    await updateAverages(this.#db, now);
    const texts = await this.#db.transaction(async (tx) => {
      const [totals] = await tx.query<sql.TotalsRow>(sql.TOTALS, [at]);
      if (!totals) throw new Error('the store gave no totals');
      const applications = await tx.query<{ application: string }>(
        'SELECT DISTINCT application FROM release ORDER BY application',
      );
      const teams = await tx.query<sql.TeamRow>(sql.TEAMS, [at, ALL, null]);
      return {
        tables: tablesXml(
          totals,
          applications.map(({ application }) => application),
          now,
        ),
        users: usersXml(await tx.query<sql.PersonRow>(sql.PEOPLE, [at, ALL]), now),
        teams: teamsXml(
          teams.filter(({ credit }) => credit > 0),
          now,
        ),
        hosts: hostsXml(await tx.query<sql.HostRow>(sql.HOSTS, [at, ALL, true]), now, this.#pseudonym),
      };
    });
    return {
      'tables.xml': new TextEncoder().encode(texts.tables),
      'user.gz': await zipped(texts.users),
      'team.gz': await zipped(texts.teams),
      'host.gz': await zipped(texts.hosts),
    };
  }
}

async function zipped(text: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await promisify(gzip)(text));
}

export function shownTeam(one: sql.TeamRow): Team {
  const { id, name, description, url, country, members } = one;
  return {
    ...{ id: showId('g', id), name, description, url, country, members },
    ...{ creditMicroseconds: one.credit, creditADay: one.a_day },
  };
}

/** Made when somebody asks, and not again for a while; whoever asks meanwhile waits for the same. */
class Kept<T> {
  readonly #make: () => Promise<T>;
  readonly #ms: number;
  #value: Promise<T> | null = null;
  #atMs = 0;

  constructor(make: () => Promise<T>, ms: number) {
    this.#make = make;
    this.#ms = ms;
  }

  get(now: Date): Promise<T> {
    const nowMs = now.getTime();
    if (this.#value && nowMs - this.#atMs < this.#ms) return this.#value;
    const made = this.#make();
    this.#value = made;
    this.#atMs = nowMs;
    made.catch(() => {
      if (this.#value === made) this.#value = null;
    });
    return made;
  }

  forget(): void {
    this.#value = null;
  }
}
