import { z } from 'zod';
import { Count, Moment, said } from './primitives.ts';

/**
 * The project server's API for people with an account (all below /api/v1). A browser sends the session's cookie, and with all
 * but GET the header CSRF_HEADER, which no page elsewhere can make it send. Nobody needs an account to contribute.
 *
 *     POST   /accounts                  SignUp -> PasswordSet (201; signs in)
 *     POST   /sessions                  SignIn -> Account (signs in)
 *     GET    /sessions/current          WhoIsIn
 *     POST   /sessions/end              -> 204: signs out
 *     GET    /account                   Account
 *     PATCH  /account                   AccountChange -> Account
 *     POST   /account/password          NewPassword -> RecoveryCodes: ends all other sessions   (recent)
 *     GET    /account/sessions          { sessions: [Session] }
 *     DELETE /account/sessions/:id      -> 204
 *     GET    /account/tokens            { tokens: [ApiToken] }
 *     POST   /account/tokens            NewApiToken -> ApiTokenSecret (201; told this once; recent)
 *     DELETE /account/tokens/:id        -> 204
 *     GET    /account/passkeys          { passkeys: [Passkey] }
 *     POST   /account/passkeys/options  -> what navigator.credentials.create() takes   (recent)
 *     POST   /account/passkeys          NewPasskey -> Passkey (201; recent)
 *     DELETE /account/passkeys/:id      -> 204 (recent)
 *     POST   /sessions/passkey/options  -> what navigator.credentials.get() takes
 *     POST   /sessions/passkey          PasskeySignIn -> Account (signs in)
 *     GET    /sessions/institute        InstituteOffer
 *     POST   /sessions/institute/visit  -> InstituteVisit: the browser is to go there
 *     POST   /sessions/institute        InstituteReturn -> InstituteAnswer (signs in, or links)
 *     GET    /account/institute         InstituteLink
 *     POST   /account/institute/visit   -> InstituteVisit (recent)
 *     DELETE /account/institute         -> 204 (recent; never the last way in)
 *     POST   /account/recovery-codes    -> RecoveryCodes (recent)
 *     POST   /sessions/recover          Recover -> PasswordSet (signs in)
 *     POST   /sessions/reset            Reset -> PasswordSet (signs in)
 *     POST   /staff/accounts/:login/reset-link  -> ResetLink (201; owner)
 *     GET    /staff/accounts            { accounts: [StaffAccount] }   (owner)
 *     PUT    /staff/accounts/:login/role  RoleChange -> 204            (owner)
 *
 * What is marked `recent` there wants that the person signed in within RECENT_MINUTES: 403 sign-in-again where not.
 */
export const CSRF_HEADER = 'x-beamtime-request';

/** What has been left open in a browser must not be enough to take an account over. */
export const RECENT_MINUTES = 15;

/** Each may what those before it may. */
export const Role = z.enum(['volunteer', 'reviewer', 'staff', 'owner']);
export type Role = z.infer<typeof Role>;

/** What a token for programs may do, where its person's role allows it. */
export const Scope = z.enum([
  'results:read',
  'campaigns:write',
  'releases:write',
  'hosts:moderate',
  'operations:read',
]);
export type Scope = z.infer<typeof Scope>;

export const Login = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{2,39}$/, 'use 3 to 40 lower-case letters, digits, ".", "_" or "-"');

/** NIST SP 800-63B: length and nothing else is asked for. */
export const Password = z.string().min(12, 'use at least 12 characters').max(200);

/** A name of somebody or something, as others see it: a line without control characters. */
export const PersonName = z
  .string()
  .trim()
  .min(1)
  .max(60)
  .refine((name) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name), 'must be one line');

/** ISO 3166-1 alpha-2. */
export const Country = z.string().regex(/^[A-Z]{2}$/, 'use the two capital letters of ISO 3166');

export const Email = z.email().max(200);

export const SignUp = z.strictObject({ login: Login, password: Password, name: PersonName.optional() });
export type SignUp = z.infer<typeof SignUp>;

export const SignIn = z.strictObject({ login: z.string().max(200), password: z.string().max(200) });
export type SignIn = z.infer<typeof SignIn>;

export const Account = z.strictObject({
  login: Login,
  name: z.string(),
  email: z.string().nullable(),
  country: Country.nullable(),
  role: Role,
  /** Whether name and country may stand in public statistics. */
  published: z.boolean(),
  hasPassword: z.boolean(),
  /** That were not used yet. */
  recoveryCodes: Count,
  team: z.strictObject({ id: z.string(), name: z.string() }).nullable(),
  createdAt: Moment,
  creditMicroseconds: Count,
  eventsValid: Count,
});
export type Account = z.infer<typeof Account>;

/** null: nobody is, which is no error. */
export const WhoIsIn = z.strictObject({ account: Account.nullable() });

/** What is left out stays as it is. */
export const AccountChange = z.strictObject({
  name: PersonName.optional(),
  email: Email.nullable().optional(),
  country: Country.nullable().optional(),
  published: z.boolean().optional(),
});
export type AccountChange = z.infer<typeof AccountChange>;

export const NewPassword = z.strictObject({ password: Password });

/** Each opens the account once, where the password was forgotten; told once. */
export const RecoveryCodes = z.strictObject({ recoveryCodes: z.array(z.string()) });
export const PasswordSet = z.strictObject({ account: Account, ...RecoveryCodes.shape });

export const Recover = z.strictObject({
  login: z.string().max(200),
  code: z.string().max(60),
  password: Password,
});
export type Recover = z.infer<typeof Recover>;

export const ResetToken = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/, 'is no whole link; copy it again from its beginning to its end');
export const Reset = z.strictObject({ token: ResetToken, password: Password });
export type Reset = z.infer<typeof Reset>;

/** Sets a new password, once. */
export const ResetLink = z.strictObject({ link: z.string(), expiresAt: Moment });
export type ResetLink = z.infer<typeof ResetLink>;

export const Session = z.strictObject({
  id: z.string(),
  agent: z.string(),
  /** The one that asks. */
  current: z.boolean(),
  signedInAt: Moment,
  seenAt: Moment,
});
export type Session = z.infer<typeof Session>;
export const SessionList = z.strictObject({ sessions: z.array(Session) });

export const NewApiToken = z.strictObject({
  name: PersonName,
  scopes: z.array(Scope).min(1).max(10),
  days: z.number().int().min(1).max(366),
});
export type NewApiToken = z.infer<typeof NewApiToken>;

export const ApiToken = z.strictObject({
  id: z.string(),
  name: z.string(),
  scopes: z.array(Scope),
  createdAt: Moment,
  expiresAt: Moment,
  usedAt: Moment.nullable(),
});
export type ApiToken = z.infer<typeof ApiToken>;
export const ApiTokenList = z.strictObject({ tokens: z.array(ApiToken) });
export const ApiTokenSecret = z.strictObject({ ...ApiToken.shape, token: z.string() });

export const RoleChange = z.strictObject({ role: Role });
export const StaffAccount = z.strictObject({
  login: Login,
  name: z.string(),
  role: Role,
  createdAt: Moment,
  hosts: Count,
});
export type StaffAccount = z.infer<typeof StaffAccount>;
export const StaffAccountList = z.strictObject({ accounts: z.array(StaffAccount) });

/** What a browser calls itself, for the person to recognise. */
export const Agent = said(200);

const Base64Url = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/)
  .max(20_000);
const Attachment = z.enum(['platform', 'cross-platform']);

/** What navigator.credentials.create() gave, as WebAuthn's toJSON() writes it; what is not needed is dropped. */
export const PasskeyMade = z.object({
  id: Base64Url,
  rawId: Base64Url,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: Base64Url,
    attestationObject: Base64Url,
    transports: z.array(z.string().max(20)).max(10).default([]),
  }),
  authenticatorAttachment: Attachment.nullish(),
});
export type PasskeyMade = z.infer<typeof PasskeyMade>;

/** What navigator.credentials.get() gave. */
export const PasskeyShown = z.object({
  id: Base64Url,
  rawId: Base64Url,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: Base64Url,
    authenticatorData: Base64Url,
    signature: Base64Url,
    userHandle: Base64Url.nullish(),
  }),
  authenticatorAttachment: Attachment.nullish(),
});
export type PasskeyShown = z.infer<typeof PasskeyShown>;

export const NewPasskey = z.strictObject({ name: PersonName, made: PasskeyMade });
export const PasskeySignIn = z.strictObject({ shown: PasskeyShown });

export const Passkey = z.strictObject({
  id: z.string(),
  name: z.string(),
  createdAt: Moment,
  usedAt: Moment.nullable(),
});
export type Passkey = z.infer<typeof Passkey>;
export const PasskeyList = z.strictObject({ passkeys: z.array(Passkey) });

/** null: the project has no institute. */
export const InstituteOffer = z.strictObject({ name: z.string().nullable() });

/** Where the browser is to go. */
export const InstituteVisit = z.strictObject({ url: z.url() });

/** What stood behind "?" when the institute sent the browser back. */
export const InstituteReturn = z.strictObject({ query: z.string().max(8000) });

/** `linked`: the account that was signed in is linked now; else its person signed in. */
export const InstituteAnswer = z.strictObject({ account: Account, linked: z.boolean() });

export const InstituteLink = z.strictObject({ name: z.string().nullable(), linkedAt: Moment.nullable() });
export type InstituteLink = z.infer<typeof InstituteLink>;
