import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { lastPutAside, putAside, writeFileAtomic } from '../../platform/files.ts';
import { Moment } from '../../protocol/primitives.ts';
import { HostIdentity, ProjectInfo } from '../../protocol/project-api.ts';
import { ProjectSoftware } from '../../protocol/software.ts';

/** This host in one project. The key is pinned: all the project's documents must be signed by it. */
export const Membership = z.strictObject({
  url: z.url(),
  name: ProjectInfo.shape.name,
  description: ProjectInfo.shape.description.default(''),
  publicKey: ProjectInfo.shape.publicKey,
  keyFingerprint: ProjectInfo.shape.keyFingerprint,
  /**
   * The repository that all programs come from, believed by the key that the invitation named. null: it named none; then
   * they come from the server's objects, believed by the releases' signatures alone.
   */
  software: ProjectSoftware.omit({ masterKeyFingerprint: true }).nullable().default(null),
  hostId: HostIdentity.shape.hostId,
  token: HostIdentity.shape.token,
  /** Weight among the projects joined; 0 takes no new work. */
  share: z.number().int().min(0).max(100),
  joinedAt: Moment,
  /** null: a member. Else what becomes of the units in hand; results that are finished are delivered either way. */
  leaving: z.enum(['finish', 'give-back']).nullable(),
});
export type Membership = z.infer<typeof Membership>;

/** A project as joinProject() finds it; the store adds what is this host's own business. */
export type Joined = Omit<Membership, 'share' | 'joinedAt' | 'leaving'>;

export const FULL_SHARE = 100;

const Memberships = z.strictObject({ projects: z.array(Membership) });

/** Before there could be several: the project computed for, and former ones that results were still owed to. */
const Single = Membership.omit({ share: true, joinedAt: true, leaving: true });
const SingleMembership = z.strictObject({ current: Single.nullable(), former: z.array(Single).default([]) });

/** membership.json: holds host tokens, so it is readable by its owner only. */
export class MembershipStore {
  #path: string;
  #projects: readonly Membership[] = [];
  #damagedAt: string | null = null;
  /** Changes follow one another, else two at once would lose one. */
  #saving: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** In the order they were joined, also those being left. */
  get all(): readonly Membership[] {
    return this.#projects;
  }

  /** Those this host is a member of. */
  get joined(): readonly Membership[] {
    return this.#projects.filter(({ leaving }) => leaving === null);
  }

  /** Where the damaged file was put, now or in an earlier life if nothing was joined since; null: it was sound. */
  get damagedAt(): string | null {
    return this.#damagedAt;
  }

  /** Of a project joined, or being left; undefined where this host knows nothing of it. */
  byKey(keyFingerprint: string): Membership | undefined {
    return this.#projects.find((one) => one.keyFingerprint === keyFingerprint);
  }

  /** A damaged file is put aside; no project is joined then, and damagedAt says so. */
  async load(): Promise<void> {
    let text: string;
    let changedAt: Date;
    try {
      text = await readFile(this.#path, 'utf8');
      changedAt = (await stat(this.#path)).mtime;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      this.#damagedAt = await lastPutAside(this.#path);
      return;
    }
    const projects = parse(text, changedAt);
    if (projects) this.#projects = projects;
    else this.#damagedAt = await putAside(this.#path);
  }

  /** A project that is joined already keeps its weight and its day; one that was being left is joined again. */
  async join(joined: Joined, nowMs: number): Promise<Membership> {
    const isIt = (one: Membership) => one.keyFingerprint === joined.keyFingerprint;
    // Looked up in its turn: a change before it may have forgotten the project.
    await this.#change((projects) => {
      const known = projects.find(isIt);
      const membership: Membership = {
        ...joined,
        share: known?.leaving === null ? known.share : FULL_SHARE,
        joinedAt: known?.joinedAt ?? new Date(nowMs).toISOString(),
        leaving: null,
      };
      return known ? projects.map((one) => (isIt(one) ? membership : one)) : [...projects, membership];
    });
    const membership = this.byKey(joined.keyFingerprint);
    if (!membership) throw new Error('joined, yet not a member');
    return membership;
  }

  async leave(keyFingerprint: string, leaving: 'finish' | 'give-back'): Promise<void> {
    await this.#change((projects) =>
      projects.map((one) => (one.keyFingerprint === keyFingerprint ? { ...one, leaving } : one)),
    );
  }

  async setShares(shares: ReadonlyMap<string, number>): Promise<void> {
    await this.#change((projects) =>
      projects.map((one) => ({ ...one, share: shares.get(one.keyFingerprint) ?? one.share })),
    );
  }

  /** Forgets projects that were left and to which nothing is owed any more. @returns whether there were any */
  async forgetLeft(isOwed: (keyFingerprint: string) => boolean): Promise<boolean> {
    const over = this.#projects.filter((one) => one.leaving !== null && !isOwed(one.keyFingerprint));
    if (over.length === 0) return false;
    await this.#change((projects) =>
      projects.filter((one) => one.leaving === null || isOwed(one.keyFingerprint)),
    );
    return true;
  }

  #change(change: (projects: readonly Membership[]) => readonly Membership[]): Promise<void> {
    const changing = this.#saving
      .catch(() => {}) // told to whoever asked for that change
      .then(async () => {
        const projects = change(this.#projects);
        await mkdir(dirname(this.#path), { recursive: true });
        await writeFileAtomic(this.#path, `${JSON.stringify({ projects }, null, 2)}\n`, 0o600);
        this.#projects = projects;
      });
    this.#saving = changing;
    return changing;
  }
}

/** @returns null where this is no list of memberships */
function parse(text: string, changedAt: Date): readonly Membership[] | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const several = Memberships.safeParse(json);
  if (several.success) return several.data.projects;
  const single = SingleMembership.safeParse(json);
  if (!single.success) return null;
  const { current, former } = single.data;
  const joinedAt = changedAt.toISOString();
  return [
    ...(current ? [{ ...current, share: FULL_SHARE, joinedAt, leaving: null }] : []),
    ...former.map((one) => ({ ...one, share: FULL_SHARE, joinedAt, leaving: 'give-back' as const })),
  ];
}
