import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { AttachCode, HostOwner } from '../../protocol/people-api.ts';
import { buildRenderer } from '../../renderer/build.ts';
import { Host, Staff } from '../../server/testkit/client.ts';
import { modelCampaign, modelOutput, modelPrograms, modelRelease } from '../../server/testkit/model.ts';
import { PASSWORD, Person } from '../../server/testkit/person.ts';
import { type TestServer, testServer } from '../../server/testkit/server.ts';
import { root } from '../testkit/command.ts';

/** A project that people have accounts at: some with computers, one an owner, and invitations that are open, full of limits and over. */
export class PeopleWorld {
  readonly server: TestServer;
  /** Passkeys belong to a name, not to an address. */
  readonly home: string;
  /** Of an invitation. */
  readonly code: string;

  private constructor(server: TestServer, code: string) {
    this.server = server;
    this.home = server.url.replace('127.0.0.1', 'localhost');
    this.code = code;
  }

  static async start(): Promise<PeopleWorld> {
    await buildRenderer();
    const server = await testServer({ name: 'LEP at home', pageFolder: join(root, 'build/console') });
    try {
      const staff = new Staff(server.url, server.staffToken);
      await staff.publish(modelRelease, modelPrograms);
      await staff.push(modelCampaign('z-line-shape', { events: 5000 }));
      const people = [
        ['ada', 'Ada Lovelace', 'GB', 3],
        ['emmy', 'Emmy Noether', 'DE', 2],
        ['chien-shiung-wu', 'Chien-Shiung Wu', 'CN', 1],
      ] as const;
      for (const [login, name, country, computers] of people) {
        const person = await Person.signUp(server.url, login);
        await person.send('PATCH', '/account', { name, country, published: true });
        for (let i = 0; i < computers; i += 1) await attached(server, person);
        if (login === 'ada') await person.send('POST', '/teams', { name: 'Analytical engines' });
      }
      await staff.send('PUT', '/staff/accounts/ada/role', { role: 'owner' });
      await staff.send('PUT', '/staff/accounts/emmy/role', { role: 'staff' });
      await Person.signUp(server.url, 'somebody-with-a-very-long-name');
      const school = {
        ...{ label: 'Summer school of the physics department', mostHosts: 40, days: 14 },
        ...{ campaigns: ['z-line-shape'], preferences: { maxCores: 2, capsule: 'wasm' } },
      };
      const ended = await invite(staff, { label: 'Open day' });
      await staff.send('DELETE', `/staff/invitations/${ended.id}`);
      return new PeopleWorld(server, (await invite(staff, school)).code);
    } catch (error) {
      await server.remove();
      throw error;
    }
  }

  async signIn(page: Page, labels: { readonly name: string; readonly password: string }): Promise<void> {
    await page.goto(`${this.home}/people/index.html#/sign-in`);
    await page.getByLabel(labels.name, { exact: true }).fill('ada');
    await page.getByLabel(labels.password, { exact: true }).fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Ada' }).waitFor();
  }

  stop(): Promise<void> {
    return this.server.remove();
  }
}

async function invite(staff: Staff, body: object): Promise<{ id: string; code: string }> {
  return JSON.parse((await staff.send('POST', '/staff/invitations', body)).bytes.toString('utf8'));
}

/** A computer of theirs that has done something. */
async function attached(server: TestServer, person: Person): Promise<void> {
  const host = await Host.register(server.url);
  const lease = await host.lease();
  await host.finish(lease, modelOutput(lease.card));
  const { code } = await person.ask(AttachCode, 'POST', '/account/attach-code');
  await host.ask(HostOwner, 'POST', '/hosts/me/attach', { code });
}
