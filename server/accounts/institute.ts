import type { ClientAuth, Configuration, CustomFetch } from 'openid-client';
import type { Logger } from '../../platform/log.ts';
import { ApiFailure } from '../errors.ts';
import { isLoopback } from '../network.ts';

/** Most projects have no institute: loaded when one is first asked. */
const openid = () => import('openid-client');
type OpenId = Awaited<ReturnType<typeof openid>>;

/** What staff say of the institute where people have accounts. */
export interface InstituteSettings {
  /** OpenID Connect's issuer: its discovery document is below it. */
  readonly issuer: string;
  readonly clientId: string;
  /** null: a public client, which PKCE alone protects. */
  readonly clientSecret: string | null;
  /** As people see it. */
  readonly name: string;
  /** Whoever has this value in this claim is staff here. */
  readonly staff: { readonly claim: string; readonly value: string } | null;
}

/** What is remembered while a browser is at the institute. */
export interface Visit {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** Whom the institute says somebody is. */
export interface InstitutePerson {
  readonly subject: string;
  /** What they may be called here; people choose it there, and it proves nothing. */
  readonly wish: string;
  readonly name: string;
  readonly isStaff: boolean;
}

const TIMEOUT_S = 5;
const CLOCKS_APART_S = 30;
const LOOK_AGAIN_MS = 3_600_000;

/** The institute did not answer, or not as one. */
class InstituteAway extends Error {
  override readonly name = 'InstituteAway';
}

/** Sign-in with an account of an institute: OpenID Connect's authorization code with PKCE, checked by openid-client. */
export class Institute {
  readonly #settings: InstituteSettings;
  readonly #log: Logger;
  readonly #now: () => Date;
  #found: { readonly configuration: Promise<Configuration>; readonly atMs: number } | null = null;

  constructor(settings: InstituteSettings, log: Logger, now: () => Date) {
    this.#settings = settings;
    this.#log = log;
    this.#now = now;
  }

  get name(): string {
    return this.#settings.name;
  }

  get issuer(): string {
    return this.#settings.issuer;
  }

  /** @param back where the institute sends the browser then @throws ApiFailure 503 where it does not answer */
  async begin(back: string): Promise<{ readonly url: string; readonly visit: Visit }> {
    const oidc = await openid();
    const configuration = await this.#configuration();
    const visit = {
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
      verifier: oidc.randomPKCECodeVerifier(),
    };
    const challenge = await oidc.calculatePKCECodeChallenge(visit.verifier);
    try {
      const url = oidc.buildAuthorizationUrl(configuration, {
        ...{ redirect_uri: back, scope: 'openid profile', response_type: 'code' },
        ...{ state: visit.state, nonce: visit.nonce },
        ...{ code_challenge: challenge, code_challenge_method: 'S256' },
      });
      if (!isSafe(url)) throw new InstituteAway(`it sends people to ${url.protocol}//${url.host}`);
      return { url: url.href, visit };
    } catch (cause) {
      this.#found = null;
      throw this.#away(cause);
    }
  }

  /**
   * @param back where the browser came back to, with what the institute said in the query
   * @throws ApiFailure 400 where that can not be believed, 503 where the institute does not answer
   */
  async finish(back: URL, { state, nonce, verifier }: Visit): Promise<InstitutePerson> {
    const oidc = await openid();
    const configuration = await this.#configuration();
    try {
      const tokens = await oidc.authorizationCodeGrant(configuration, back, {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      });
      const said = tokens.claims();
      if (!said) throw new Error('there is no ID token');
      // Many put names and groups there alone.
      const more = configuration.serverMetadata().userinfo_endpoint
        ? await oidc.fetchUserInfo(configuration, tokens.access_token, said.sub)
        : {};
      return this.#person(said.sub, { ...more, ...said });
    } catch (cause) {
      if (isAway(cause)) throw this.#away(cause);
      throw this.#refused(cause);
    }
  }

  #person(subject: string, claims: Readonly<Record<string, unknown>>): InstitutePerson {
    const { staff } = this.#settings;
    const text = (claim: string) => (typeof claims[claim] === 'string' ? claims[claim] : '');
    const groups = staff ? claims[staff.claim] : undefined;
    return {
      subject,
      wish: text('preferred_username'),
      name: text('name'),
      isStaff:
        staff !== null && (Array.isArray(groups) ? groups.includes(staff.value) : groups === staff.value),
    };
  }

  #configuration(): Promise<Configuration> {
    const nowMs = this.#now().getTime();
    if (!this.#found || nowMs - this.#found.atMs > LOOK_AGAIN_MS) {
      const found = { configuration: this.#discover(), atMs: nowMs };
      this.#found = found;
      found.configuration.catch(() => {
        if (this.#found === found) this.#found = null;
      });
    }
    return this.#found.configuration;
  }

  async #discover(): Promise<Configuration> {
    const oidc = await openid();
    const issuer = new URL(this.#settings.issuer);
    const { clientId, clientSecret } = this.#settings;
    const client = { [oidc.clockTolerance]: CLOCKS_APART_S };
    try {
      return await oidc.discovery(issuer, clientId, client, proof(oidc, clientSecret), {
        timeout: TIMEOUT_S,
        [oidc.customFetch]: onlyFrom(issuer.origin),
        // The signature too, though the token came from the institute's own server.
        execute: [
          oidc.enableNonRepudiationChecks,
          ...(issuer.protocol === 'http:' ? [oidc.allowInsecureRequests] : []),
        ],
      });
    } catch (cause) {
      throw this.#away(cause);
    }
  }

  #away(cause: unknown): ApiFailure {
    return new ApiFailure(
      503,
      'institute-away',
      `${this.name} does not answer as it should; try again soon, or sign in another way`,
      { cause, retryAfterSeconds: 30 },
    );
  }

  #refused(cause: unknown): ApiFailure {
    if (cause instanceof Error && 'error' in cause && cause.error === 'access_denied')
      return new ApiFailure(400, 'institute-denied', `${this.name} did not let you in here`, { cause });
    // Staff may have mistaken a setting. Claims stay out of the log.
    this.#log.warn({ why: reasons(cause) }, 'a sign-in at the institute was refused');
    const words = `what came back from ${this.name} can not be believed, or came twice; begin again`;
    return new ApiFailure(400, 'institute-refused', words, { cause });
  }
}

/**
 * How we show who we are, as the institute takes it: in a header unless it says that it wants it in the body alone (OpenID Connect
 * Discovery, section 3).
 */
function proof(oidc: OpenId, secret: string | null): ClientAuth {
  if (secret === null) return oidc.None();
  const [inHeader, inBody] = [oidc.ClientSecretBasic(secret), oidc.ClientSecretPost(secret)];
  return (server, client, body, headers) => {
    const taken = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const isForHeader = taken.includes('client_secret_basic') || !taken.includes('client_secret_post');
    (isForHeader ? inHeader : inBody)(server, client, body, headers);
  };
}

/** Whatever its documents say, nothing but the institute's own server is asked for anything. */
function onlyFrom(origin: string): CustomFetch {
  return async (url, options) => {
    if (new URL(url).origin !== origin) throw new InstituteAway(`it leads to ${new URL(url).origin}`);
    const { body, headers, method, signal } = options;
    const answer = await fetch(url, {
      ...{ headers, method, redirect: 'manual' },
      // Nothing but forms is sent.
      ...(body instanceof URLSearchParams || typeof body === 'string' ? { body } : {}),
      ...(signal ? { signal } : {}),
    }).catch((cause: unknown) => {
      throw new InstituteAway('it does not answer', { cause });
    });
    if (answer.status >= 500) throw new InstituteAway(`it answered ${answer.status}`);
    return answer;
  };
}

/** Where people are sent to give their password. */
function isSafe({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

function isAway(error: unknown): boolean {
  for (let one: unknown = error; one instanceof Error; one = one.cause)
    if (one instanceof InstituteAway || ('code' in one && one.code === 'OAUTH_TIMEOUT')) return true;
  return false;
}

function reasons(error: unknown): string {
  const told: string[] = [];
  for (let one: unknown = error; one instanceof Error; one = one.cause) {
    const code = 'error' in one ? one.error : 'code' in one ? one.code : undefined;
    told.push(typeof code === 'string' ? `${one.message} (${code})` : one.message);
  }
  return told.join(': ');
}
