import { z } from 'zod';
import { Account, ApiToken, Country, Passkey, PersonName, Session } from './account-api.ts';
import { CODE_LETTERS } from './letter-code.ts';
import { Count, Moment, said } from './primitives.ts';

/**
 * Hosts of people, their teams, and what is public of both (all below /api/v1; cookies and headers as in account-api.ts).
 *
 *     POST   /account/attach-code      -> AttachCode: say it to a host within minutes
 *     POST   /hosts/me/attach          AttachRequest -> HostOwner   (host token: whose computer it now is)
 *     GET    /hosts/me/owner           -> HostBelongs              (host token)
 *     DELETE /hosts/me/owner           -> 204: nobody's again      (host token)
 *     GET    /account/hosts            { hosts: [OwnHost] }
 *     DELETE /account/hosts/:id        -> 204: the host goes on, as nobody's
 *     GET    /account/export           AccountExport: all that is kept of the person
 *     POST   /account/delete           AccountDeletion -> 204 (recent); credit stays in the project's totals
 *     POST   /teams                    NewTeam -> Team (201; joins it)
 *     PATCH  /teams/:id                TeamChange -> Team (its founder)
 *     POST   /teams/:id/join           -> Team
 *     POST   /account/team/leave       -> 204: a team without members is no more
 *     GET    /teams                    { teams: [Team] }           (public, as all that follow)
 *     GET    /statistics               Statistics
 *     GET    /statistics/:file         tables.xml, user.gz, team.gz, host.gz as BOINC's statistics sites read them
 */
/** Eight of Crockford's letters, 40 bits; what people mistake for another is read as that. */
export const AttachCode = z.strictObject({
  code: z.string().regex(new RegExp(`^[${CODE_LETTERS}]{4}-[${CODE_LETTERS}]{4}$`)),
  expiresAt: Moment,
});
export type AttachCode = z.infer<typeof AttachCode>;

export const AttachRequest = z.strictObject({ code: said(40) });
export const HostOwner = z.strictObject({ name: z.string() });
export type HostOwner = z.infer<typeof HostOwner>;
/** null: nobody's. */
export const HostBelongs = z.strictObject({ name: z.string().nullable() });
export type HostBelongs = z.infer<typeof HostBelongs>;

export const OwnHost = z.strictObject({
  id: z.string(),
  os: z.string(),
  cores: Count,
  engineVersion: z.string(),
  registeredAt: Moment,
  creditMicroseconds: Count,
  /** As BOINC averages it. */
  creditADay: z.number().min(0),
  eventsValid: Count,
});
export type OwnHost = z.infer<typeof OwnHost>;
export const OwnHostList = z.strictObject({ hosts: z.array(OwnHost) });

export const AccountDeletion = z.strictObject({ login: z.string().max(60) });

const Url = z.url({ protocol: /^https?$/ }).max(200);
export const NewTeam = z.strictObject({
  name: PersonName,
  description: said(500).default(''),
  url: Url.nullable().default(null),
  country: Country.nullable().default(null),
});
export type NewTeam = z.infer<typeof NewTeam>;

export const TeamChange = z.strictObject({
  name: PersonName.optional(),
  description: said(500).optional(),
  url: Url.nullable().optional(),
  country: Country.nullable().optional(),
});
export type TeamChange = z.infer<typeof TeamChange>;

/** Credit of a team is that of its members now. */
export const Team = z.strictObject({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  url: z.string().nullable(),
  country: z.string().nullable(),
  members: Count,
  creditMicroseconds: Count,
  creditADay: z.number().min(0),
});
export type Team = z.infer<typeof Team>;
export const TeamList = z.strictObject({ teams: z.array(Team) });

export const Badge = z.enum(['first-event', 'day', 'month', 'year', 'top-10', 'top-100']);
export type Badge = z.infer<typeof Badge>;

/** Somebody who agreed to stand there. */
export const PublicPerson = z.strictObject({
  publicId: z.string(),
  name: z.string(),
  country: z.string().nullable(),
  team: z.string().nullable(),
  hosts: Count,
  creditMicroseconds: Count,
  creditADay: z.number().min(0),
  badges: z.array(Badge),
});
export type PublicPerson = z.infer<typeof PublicPerson>;

export const PublicHost = z.strictObject({
  /** A pseudonym (server/catalogue/pseudonyms.ts). */
  name: z.string(),
  /** null: nobody's, or of somebody who does not want to be named. */
  person: z.string().nullable(),
  os: z.string(),
  cores: Count,
  creditMicroseconds: Count,
  creditADay: z.number().min(0),
});
export type PublicHost = z.infer<typeof PublicHost>;

/** Each list: those with most credit, STATISTICS_ROWS at most. Who did not agree is in the totals alone. */
export const STATISTICS_ROWS = 100;
export const Statistics = z.strictObject({
  at: Moment,
  totals: z.strictObject({
    accounts: Count,
    teams: Count,
    hosts: Count,
    creditMicroseconds: Count,
    creditADay: z.number().min(0),
    eventsValid: Count,
  }),
  people: z.array(PublicPerson),
  teams: z.array(Team),
  hosts: z.array(PublicHost),
  /** Of those who gave one and agreed. */
  countries: z.array(z.strictObject({ country: Country, people: Count, creditMicroseconds: Count })),
});
export type Statistics = z.infer<typeof Statistics>;

export const STATISTICS_FILES = ['tables.xml', 'user.gz', 'team.gz', 'host.gz'] as const;

export const AccountExport = z.strictObject({
  at: Moment,
  account: Account,
  sessions: z.array(Session),
  tokens: z.array(ApiToken),
  passkeys: z.array(Passkey),
  /** Accounts elsewhere that open this one. */
  institutes: z.array(z.strictObject({ issuer: z.string(), subject: z.string(), linkedAt: Moment })),
  hosts: z.array(OwnHost),
  /** What the audit trail has of the account. */
  trail: z.array(
    z.strictObject({
      at: Moment,
      event: z.string(),
      details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    }),
  ),
});
export type AccountExport = z.infer<typeof AccountExport>;
