import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../../platform/files.ts';
import { HostIdentity, ProjectInfo } from '../../protocol/project-api.ts';

/** This host in one project. The key is pinned: all the project's documents must be signed by it. */
export const Membership = z.strictObject({
  url: z.url(),
  name: ProjectInfo.shape.name,
  publicKey: ProjectInfo.shape.publicKey,
  keyFingerprint: ProjectInfo.shape.keyFingerprint,
  hostId: HostIdentity.shape.hostId,
  token: HostIdentity.shape.token,
});
export type Membership = z.infer<typeof Membership>;

/** The project computed for, and former ones that results are still owed to. */
const Memberships = z.strictObject({
  current: Membership.nullable(),
  former: z.array(Membership).default([]),
});
export type Memberships = z.infer<typeof Memberships>;

/** membership.json: holds host tokens, so it is readable by its owner only. */
export class MembershipStore {
  #path: string;
  #value: Memberships = { current: null, former: [] };

  constructor(path: string) {
    this.#path = path;
  }

  get current(): Membership | null {
    return this.#value.current;
  }

  /** Of a project joined now or formerly; undefined where this host knows nothing of it. */
  byKey(keyFingerprint: string): Membership | undefined {
    const { current, former } = this.#value;
    return [current, ...former].find((one) => one?.keyFingerprint === keyFingerprint) ?? undefined;
  }

  /** @throws Error naming the file when it is there but cannot be read */
  async load(): Promise<void> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
      throw error;
    }
    try {
      this.#value = Memberships.parse(JSON.parse(text));
    } catch (cause) {
      throw new Error(`${this.#path} is damaged; move it away and join the project again`, { cause });
    }
  }

  /** Makes this the current project; the one before it stays as a former one. */
  async join(membership: Membership): Promise<void> {
    const others = [this.#value.current, ...this.#value.former].filter(
      (one) => one !== null && one.keyFingerprint !== membership.keyFingerprint,
    );
    await this.#save({ current: membership, former: others.filter((one) => one !== null) });
  }

  /** Forgets former projects to which nothing is owed any more. */
  async forgetFormer(isOwed: (keyFingerprint: string) => boolean): Promise<void> {
    const former = this.#value.former.filter((one) => isOwed(one.keyFingerprint));
    if (former.length < this.#value.former.length) await this.#save({ ...this.#value, former });
  }

  async #save(value: Memberships): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true });
    await writeFileAtomic(this.#path, `${JSON.stringify(value, null, 2)}\n`, 0o600);
    this.#value = value;
  }
}
