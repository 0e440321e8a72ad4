import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

const FOR_PROGRAMS = ['/.well-known/openid-configuration', '/token', '/me', '/jwks'];
const SECRET = 'the secret of a client in a test, long enough';

/** What the institute says of somebody. */
export interface Member {
  readonly preferred_username?: string;
  readonly name?: string;
  readonly groups?: readonly string[];
}

/** An institute of others' making (npm's oidc-provider), on this machine, whose people sign in without being asked anything. */
export class RealInstitute {
  readonly issuer: string;
  readonly clientId = 'beamtime';
  readonly clientSecret = SECRET;
  readonly members = new Map<string, Member>();
  /** Who sits before the browser; null: somebody who does not want. */
  who: string | null = null;
  /** What is given in place of the ID token that it made. */
  instead: ((idToken: string) => string) | null = null;
  /** What it answers programs with, though browsers get its pages. */
  trouble: number | null = null;
  readonly #http: Server;
  #back = '';

  private constructor(http: Server) {
    this.#http = http;
    this.issuer = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  }

  static async start(): Promise<RealInstitute> {
    const http = createServer();
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return new RealInstitute(http);
  }

  /** @param back where it may send browsers back to */
  register(back: string): void {
    this.#back = back;
    const client = (client_id: string) => ({
      ...{ client_id, client_secret: SECRET, redirect_uris: [back] },
      ...{ grant_types: ['authorization_code'], response_types: ['code' as const] },
    });
    const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
    const provider = new Provider(this.issuer, {
      clients: [client(this.clientId), client('another')],
      jwks: { keys: [{ ...key, kty: 'RSA', use: 'sig', kid: 'one', alg: 'RS256' }] },
      cookies: { keys: [randomBytes(16).toString('hex')] },
      pkce: { required: () => true },
      ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 60, IdToken: 60, Interaction: 60, Session: 60 },
      features: { devInteractions: { enabled: false } },
      claims: { openid: ['sub'], profile: ['preferred_username', 'name', 'groups'] },
      interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
      findAccount: (_context, sub) => ({
        accountId: sub,
        claims: async () => ({ sub, ...this.members.get(sub) }),
      }),
      async loadExistingGrant({ oidc }) {
        const grant = new oidc.provider.Grant({
          accountId: oidc.session?.accountId,
          clientId: oidc.client?.clientId,
        });
        grant.addOIDCScope('openid profile');
        await grant.save();
        return grant;
      },
    });
    provider.use(async (context, next) => {
      await next();
      if (context.path !== '/token' || !this.instead) return;
      const { id_token, ...rest } = context.body as { id_token: string };
      context.body = { ...rest, id_token: this.instead(id_token) };
    });
    const answer = provider.callback();
    this.#http.removeAllListeners('request');
    this.#http.on('request', async (request, response) => {
      const { pathname } = new URL(request.url ?? '/', this.issuer);
      if (this.trouble !== null && FOR_PROGRAMS.includes(pathname))
        return void response.writeHead(this.trouble).end();
      if (!request.url?.startsWith('/interaction/')) return void answer(request, response);
      const result =
        this.who === null
          ? { error: 'access_denied', error_description: 'they did not want' }
          : { login: { accountId: this.who } };
      await provider.interactionFinished(request, response, result);
    });
  }

  /** What a browser does that is sent there. @returns what stands behind "?" when it is sent back */
  async visit(address: string): Promise<string> {
    const cookies = new Map<string, string>();
    let url = new URL(address);
    for (let hops = 0; hops < 10; hops++) {
      if (url.href.startsWith(this.#back)) return url.search.slice(1);
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const reply = await fetch(url, { redirect: 'manual', headers: { cookie } });
      for (const set of reply.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
        cookies.set(name, value);
      }
      const to = reply.headers.get('location');
      if (to === null) throw new Error(`${url.pathname}: ${reply.status} ${await reply.text()}`);
      url = new URL(to, url);
    }
    throw new Error('it sends browsers around for ever');
  }

  /** An ID token that it gives to some client for whoever sits before the browser. */
  async idToken(clientId: string, nonce: string): Promise<string> {
    const verifier = randomBytes(32).toString('base64url');
    const query = new URLSearchParams({
      ...{ client_id: clientId, redirect_uri: this.#back, scope: 'openid profile', response_type: 'code' },
      ...{ nonce, state: 'some', code_challenge_method: 'S256' },
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    });
    const back = new URLSearchParams(await this.visit(`${this.issuer}/auth?${query}`));
    const credentials = [clientId, SECRET].map(encodeURIComponent).join(':');
    const reply = await fetch(`${this.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
      body: new URLSearchParams({
        ...{ grant_type: 'authorization_code', code: back.get('code') ?? '', code_verifier: verifier },
        redirect_uri: this.#back,
      }),
    });
    const { id_token } = (await reply.json()) as { id_token?: string };
    if (id_token === undefined) throw new Error(`no ID token: ${reply.status}`);
    return id_token;
  }

  async close(): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}
