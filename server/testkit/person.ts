import { CSRF_HEADER, type Role } from '../../protocol/account-api.ts';
import { Client, type Reply } from './client.ts';

export const PASSWORD = 'a fine long password';

/** A person's browser: keeps its cookie, and asks as our own page does. */
export class Person extends Client {
  readonly login: string;
  readonly #cookies = new Map<string, string>();

  constructor(url: string, login: string) {
    super(url);
    this.login = login;
  }

  static async signUp(url: string, login: string): Promise<Person> {
    const person = new Person(url, login);
    const reply = await person.send('POST', '/accounts', { login, password: PASSWORD });
    if (reply.status !== 201) throw new Error(`sign-up: ${reply.status} ${reply.bytes.toString('utf8')}`);
    return person;
  }

  /** @param staff who gives the role; the person is signed in when this resolves */
  static async withRole(staff: Client, login: string, role: Role): Promise<Person> {
    const person = await Person.signUp(staff.url, login);
    const reply = await staff.send('PUT', `/staff/accounts/${login}/role`, { role });
    if (reply.status !== 204) throw new Error(`role: ${reply.status} ${reply.bytes.toString('utf8')}`);
    await person.signIn();
    return person;
  }

  async signIn(password = PASSWORD): Promise<Reply> {
    return this.send('POST', '/sessions', { login: this.login, password });
  }

  /** As the browser sends them. */
  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** Another browser of the same person. */
  async elsewhere(): Promise<Person> {
    const other = new Person(this.url, this.login);
    await other.signIn();
    return other;
  }

  override async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const reply = await super.send(method, path, body, {
      [CSRF_HEADER]: '1',
      ...(this.cookie === '' ? {} : { cookie: this.cookie }),
      ...headers,
    });
    for (const set of reply.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return reply;
  }
}
