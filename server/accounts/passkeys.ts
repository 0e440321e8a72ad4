import type { WebAuthnCredential } from '@simplewebauthn/server';
import type { Passkey, PasskeyMade, PasskeyShown } from '../../protocol/account-api.ts';
import { appendAudit } from '../audit/trail.ts';
import { ApiFailure } from '../errors.ts';
import { showId } from '../ids.ts';
import type { Database } from '../store/database.ts';
import type { Identity } from './accounts.ts';
import { mustLeaveAWayIn } from './ways-in.ts';

/** A quarter of what a server loads to start, and most have no passkey: loaded with the first. */
const webauthn = () => import('@simplewebauthn/server');

const CHALLENGE_MS = 5 * 60_000;
const MOST = 20;
/** EdDSA, ES256, RS256, as all browsers and authenticators have them; the library would also try what is an experiment in Node. */
const ALGORITHMS = [-8, -7, -257];

/** Where a browser thinks it is: passkeys belong to a site. */
export interface Site {
  readonly name: string;
  readonly origin: string;
}

interface Row {
  readonly id: number;
  readonly name: string;
  readonly credential_id: string;
  readonly public_key: string;
  readonly counter: number;
  readonly created_at: Date;
  readonly used_at: Date | null;
}

/**
 * Passkeys (WebAuthn level 3). One takes the place of name and password, so the authenticator keeps it with the person's handle
 * and asks for finger, face or PIN each time.
 */
export class Passkeys {
  readonly #db: Database;
  readonly #now: () => Date;

  constructor(db: Database, now: () => Date) {
    this.#db = db;
    this.#now = now;
  }

  async optionsToAdd(site: Site, account: { accountId: number; login: string }): Promise<object> {
    const had = await this.#rows(account.accountId);
    const { generateRegistrationOptions } = await webauthn();
    const options = await generateRegistrationOptions({
      rpName: site.name,
      rpID: hostOf(site),
      userName: account.login,
      userID: new Uint8Array(Buffer.from(showId('a', account.accountId), 'utf8')),
      excludeCredentials: had.map(({ credential_id: id }) => ({ id })),
      supportedAlgorithmIDs: ALGORITHMS,
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
    await this.#keepChallenge(options.challenge, account.accountId);
    return options;
  }

  /** @throws ApiFailure 400 where it does not answer a challenge of that person's, 409 where there are too many */
  async add(site: Site, accountId: number, name: string, made: PasskeyMade): Promise<Passkey> {
    const challenge = await this.#takeChallenge(made.response.clientDataJSON, accountId);
    const { transports } = made.response;
    const { verifyRegistrationResponse } = await webauthn();
    const verified = await believed(() =>
      verifyRegistrationResponse({
        response: {
          ...{ id: made.id, rawId: made.rawId, type: made.type, clientExtensionResults: {} },
          response: {
            clientDataJSON: made.response.clientDataJSON,
            attestationObject: made.response.attestationObject,
          },
        },
        expectedChallenge: challenge,
        expectedOrigin: site.origin,
        expectedRPID: hostOf(site),
        supportedAlgorithmIDs: ALGORITHMS,
      }),
    );
    if (!verified.verified) throw refused(null);
    const { id, publicKey, counter } = verified.registrationInfo.credential;
    const now = this.#now();
    const row = await this.#db.transaction(async (tx) => {
      await tx.query('SELECT FROM account WHERE id = $1 FOR UPDATE', [accountId]);
      const had = await tx.query<Row>('SELECT id FROM passkey WHERE account_id = $1', [accountId]);
      if (had.length >= MOST)
        throw new ApiFailure(409, 'too-many', `you have ${MOST} passkeys; remove one first`);
      const [added] = await tx.query<Row>(
        `INSERT INTO passkey (account_id, credential_id, public_key, counter, transports, name, created_at)
         VALUES ($1, $2, $3, $4, $5::text[], $6, $7) ON CONFLICT (credential_id) DO NOTHING RETURNING *`,
        [
          accountId,
          id,
          Buffer.from(publicKey).toString('base64url'),
          counter,
          transports,
          name,
          now.toISOString(),
        ],
      );
      if (!added) throw new ApiFailure(409, 'passkey-known', 'this passkey is known already');
      const details = { account: showId('a', accountId), passkey: showId('k', added.id) };
      await appendAudit(tx, now, [{ event: 'passkey-added', details }]);
      return added;
    });
    return shown(row);
  }

  /** Tells nothing of who has an account: the authenticator knows whose it is. */
  async optionsToSignIn(site: Site): Promise<object> {
    const { generateAuthenticationOptions } = await webauthn();
    const options = await generateAuthenticationOptions({ rpID: hostOf(site), userVerification: 'required' });
    await this.#keepChallenge(options.challenge, null);
    return options;
  }

  /** @throws ApiFailure 400 where it is nobody's, or does not answer a challenge of ours */
  async signIn(site: Site, answer: PasskeyShown): Promise<Identity> {
    const challenge = await this.#takeChallenge(answer.response.clientDataJSON, null);
    const [row] = await this.#db.query<Row & { account_id: number; role: Identity['role'] }>(
      `SELECT passkey.*, role FROM passkey JOIN account ON account.id = account_id WHERE credential_id = $1`,
      [answer.id],
    );
    if (!row) throw refused(null);
    const credential: WebAuthnCredential = {
      id: row.credential_id,
      publicKey: new Uint8Array(Buffer.from(row.public_key, 'base64url')),
      counter: row.counter,
    };
    const { clientDataJSON, authenticatorData, signature } = answer.response;
    const { verifyAuthenticationResponse } = await webauthn();
    const { verified, authenticationInfo } = await believed(() =>
      verifyAuthenticationResponse({
        response: {
          ...{ id: answer.id, rawId: answer.rawId, type: answer.type, clientExtensionResults: {} },
          response: { clientDataJSON, authenticatorData, signature },
        },
        expectedChallenge: challenge,
        expectedOrigin: site.origin,
        expectedRPID: hostOf(site),
        credential,
      }),
    );
    if (!verified) throw refused(null);
    await this.#db.transaction((tx) =>
      tx.query('UPDATE passkey SET counter = $2, used_at = $3 WHERE id = $1', [
        row.id,
        authenticationInfo.newCounter,
        this.#now().toISOString(),
      ]),
    );
    return { id: row.account_id, role: row.role };
  }

  async list(accountId: number): Promise<Passkey[]> {
    return (await this.#rows(accountId)).map(shown);
  }

  /**
   * @param issuer the project's institute, where it has one
   * @returns whether the account has such a one
   * @throws ApiFailure 409 where nothing else would open the account
   */
  async remove(accountId: number, passkeyId: number, issuer: string | null): Promise<boolean> {
    return this.#db.transaction(async (tx) => {
      await tx.query('SELECT FROM account WHERE id = $1 FOR UPDATE', [accountId]);
      const rows = await tx.query('DELETE FROM passkey WHERE account_id = $1 AND id = $2 RETURNING id', [
        accountId,
        passkeyId,
      ]);
      if (rows.length === 0) return false;
      await mustLeaveAWayIn(tx, accountId, issuer);
      const details = { account: showId('a', accountId), passkey: showId('k', passkeyId) };
      await appendAudit(tx, this.#now(), [{ event: 'passkey-removed', details }]);
      return true;
    });
  }

  async forget(): Promise<void> {
    const now = this.#now().toISOString();
    await this.#db.transaction((tx) => tx.query('DELETE FROM challenge WHERE expires_at <= $1', [now]));
  }

  #rows(accountId: number): Promise<Row[]> {
    return this.#db.query<Row>('SELECT * FROM passkey WHERE account_id = $1 ORDER BY id', [accountId]);
  }

  async #keepChallenge(challenge: string, accountId: number | null): Promise<void> {
    const expires = new Date(this.#now().getTime() + CHALLENGE_MS).toISOString();
    await this.#db.transaction((tx) =>
      tx.query('INSERT INTO challenge (challenge, account_id, expires_at) VALUES ($1, $2, $3)', [
        challenge,
        accountId,
        expires,
      ]),
    );
  }

  /** The challenge that was answered, which nobody can answer again. */
  async #takeChallenge(clientDataJSON: string, accountId: number | null): Promise<string> {
    const { decodeClientDataJSON } = await import('@simplewebauthn/server/helpers');
    const { challenge } = await believed(async () => decodeClientDataJSON(clientDataJSON));
    const known = /^[A-Za-z0-9_-]{20,100}$/.test(String(challenge))
      ? await this.#db.transaction((tx) =>
          tx.query(
            `DELETE FROM challenge
             WHERE challenge = $1 AND account_id IS NOT DISTINCT FROM $2::bigint AND expires_at > $3
             RETURNING challenge`,
            [challenge, accountId, this.#now().toISOString()],
          ),
        )
      : [];
    if (known.length > 0) return challenge;
    throw new ApiFailure(400, 'passkey-late', 'that took too long, or was sent twice; try again');
  }
}

function hostOf({ origin }: Site): string {
  return new URL(origin).hostname;
}

/** The library throws where anything does not fit. */
async function believed<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw refused(cause);
  }
}

function refused(cause: unknown): ApiFailure {
  return new ApiFailure(400, 'passkey-refused', 'this passkey opens no account here; sign in another way', {
    cause,
  });
}

function shown({ id, name, created_at, used_at }: Row): Passkey {
  return {
    id: showId('k', id),
    name,
    createdAt: created_at.toISOString(),
    usedAt: used_at?.toISOString() ?? null,
  };
}
