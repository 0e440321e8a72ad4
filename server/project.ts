import { randomInt } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { Logger } from '../platform/log.ts';
import type { S3 } from '../platform/s3.ts';
import type {
  LeaseReply,
  LeaseRequest,
  ProjectInfo,
  ResultReport,
  ResultVerdict,
} from '../protocol/project-api.ts';
import { Accounts } from './accounts/accounts.ts';
import { ApiTokens } from './accounts/api-tokens.ts';
import { Attempts } from './accounts/attempts.ts';
import { Institute, type InstituteSettings } from './accounts/institute.ts';
import { InstituteLinks } from './accounts/institute-links.ts';
import { Invitations } from './accounts/invitations.ts';
import { OwnHosts } from './accounts/own-hosts.ts';
import { Passkeys } from './accounts/passkeys.ts';
import { Recovery } from './accounts/recovery.ts';
import { Sessions } from './accounts/sessions.ts';
import { Teams } from './accounts/teams.ts';
import { AddressLimit } from './api/address-limit.ts';
import { Registrations } from './api/registrations.ts';
import { takeSnapshot } from './backup/take-snapshot.ts';
import { dismissCancelled } from './campaigns/change.ts';
import { Batcher } from './dispatch/batcher.ts';
import { type LeaseAnswer, type LeaseAsk, leaseBatch } from './dispatch/lease.ts';
import { EXPIRE, FORGET_EXPIRED, GIVE_BACK, LEASES_BY_RELEASE } from './dispatch/queries.ts';
import { retryAfterSeconds } from './dispatch/retry-after.ts';
import { Shares } from './dispatch/shares.ts';
import { WaitingHosts } from './dispatch/waiting-hosts.ts';
import type { ServerFiles } from './files.ts';
import { Gate } from './gate.ts';
import { Hosts } from './hosts.ts';
import { readId, showId } from './ids.ts';
import type { ProjectKey } from './key.ts';
import type { RequestLimits } from './limits.ts';
import { LiveCampaigns } from './live/live.ts';
import { type FolderSizes, seldomFolderSizes } from './metrics/folder-sizes.ts';
import type { Seldom } from './metrics/seldom.ts';
import { BucketShelf } from './objects/bucket-shelf.ts';
import { namedInStore } from './objects/named.ts';
import { Objects } from './objects/objects.ts';
import { Packs } from './objects/packs.ts';
import { SmallObjects } from './objects/small-objects.ts';
import { Uploads } from './objects/uploads.ts';
import { Releases } from './releases.ts';
import type { Software } from './software/software.ts';
import { ProjectStatistics } from './statistics/statistics.ts';
import { type Database, inTurn } from './store/database.ts';
import * as results from './validate/queries.ts';
import { recordBatch } from './validate/record.ts';
import { type ReportParts, showVerdict, takeReport } from './validate/report.ts';

export const SERVER_VERSION = '0.1.0';

/** Beyond this a batch's transaction keeps others waiting longer than it saves. */
const BATCH_LIMIT = 256;
const FORGET_LEASES_AFTER_MS = 30 * 86_400_000;
/** An engine reports right after it has uploaded; until then it may be switched off for a while. */
const FORGET_UPLOADS_AFTER_MS = 7 * 86_400_000;

export interface ProjectParts {
  readonly db: Database;
  readonly files: ServerFiles;
  readonly key: ProjectKey;
  readonly software: Software;
  readonly staffToken: string;
  readonly metricsToken: string;
  readonly name: string;
  /** Its address as browsers see it, where a reverse proxy stands in front. */
  readonly publicUrl?: string | undefined;
  /** Where people may sign in with an account they have there. */
  readonly institute?: InstituteSettings | undefined;
  /** Whether an address is a reverse proxy's that is believed. */
  readonly isProxy: (address: string) => boolean;
  readonly limits: RequestLimits;
  /** Where objects that came alone are but in the folder. */
  readonly bucket?: S3 | null | undefined;
  /** How many may follow campaigns at a time; default: MOST_LISTENERS. */
  readonly mostListeners?: number | undefined;
  readonly log: Logger;
  readonly now: () => Date;
}

/** The project's parts as the API's routes use them. */
export class Project {
  readonly db: Database;
  readonly files: ServerFiles;
  readonly key: ProjectKey;
  readonly software: Software;
  readonly staffToken: string;
  readonly metricsToken: string;
  readonly name: string;
  readonly publicUrl: string | undefined;
  readonly isProxy: (address: string) => boolean;
  readonly limits: RequestLimits;
  readonly log: Logger;
  readonly now: () => Date;
  readonly objects: Objects;
  readonly uploads: Uploads;
  readonly releases: Releases;
  readonly hosts: Hosts;
  readonly live: LiveCampaigns;
  readonly folderSizes: Seldom<FolderSizes>;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly apiTokens: ApiTokens;
  readonly passkeys: Passkeys;
  readonly ownHosts: OwnHosts;
  readonly teams: Teams;
  readonly recovery: Recovery;
  readonly institute: Institute | null;
  readonly instituteLinks: InstituteLinks;
  readonly invitations: Invitations;
  readonly statistics: ProjectStatistics;
  readonly attempts: Attempts;
  readonly registrations = new Registrations();
  /** Of the hashes of address blocks (network.ts). */
  readonly networkSecret: Buffer;
  /** Tokens nobody has. They can not be guessed, but each costs a look into the store. At once: a venue whose project was set up anew. */
  readonly strangers = new AddressLimit({ atOnce: 1500, perSecond: 5 });
  /** In [0, 1): decides which results a second host computes. */
  draw: () => number = () => randomInt(2 ** 32) / 2 ** 32;
  readonly records: ReportParts['records'];
  readonly #contexts: Batcher<number, results.ContextRow | null>;
  readonly #leases: Batcher<LeaseAsk, LeaseAnswer>;
  readonly #packs: Packs;
  readonly #bucket: BucketShelf | null;
  readonly #waiting = new WaitingHosts();
  readonly #snapshots = new Gate(1);
  readonly #shares = new Shares();

  constructor(parts: ProjectParts) {
    const { db, files } = parts;
    this.db = db;
    this.files = files;
    this.key = parts.key;
    this.networkSecret = parts.key.derive('networks of hosts');
    this.software = parts.software;
    this.staffToken = parts.staffToken;
    this.metricsToken = parts.metricsToken;
    this.isProxy = parts.isProxy;
    this.limits = parts.limits;
    this.name = parts.name;
    this.publicUrl = parts.publicUrl;
    this.log = parts.log;
    this.now = parts.now;
    this.#packs = new Packs(files.packs, { isShared: db.isShared });
    const small = new SmallObjects(db, this.#packs);
    this.#bucket = parts.bucket
      ? new BucketShelf({
          s3: parts.bucket,
          notes: files.placing,
          inTurn: (name, work) => inTurn(db, name, work),
          now: this.now,
        })
      : null;
    this.objects = new Objects(files.objects, small, this.#bucket);
    this.uploads = new Uploads(files.uploads, this.objects, (name, work) => db.alone(name, work));
    this.releases = new Releases(db, this.objects, parts.key, parts.software);
    this.hosts = new Hosts(db);
    this.folderSizes = seldomFolderSizes(files);
    this.accounts = new Accounts(db, this.now);
    this.sessions = new Sessions(db, this.now);
    this.apiTokens = new ApiTokens(db, this.now);
    this.passkeys = new Passkeys(db, this.now);
    this.ownHosts = new OwnHosts(db, this.now);
    this.institute = parts.institute ? new Institute(parts.institute, this.log, this.now) : null;
    this.recovery = new Recovery(db, this.now);
    this.instituteLinks = new InstituteLinks(db, this.now);
    this.invitations = new Invitations(db, this.now);
    this.teams = new Teams(db, this.now);
    this.statistics = new ProjectStatistics(db, parts.key, this.now);
    this.attempts = new Attempts(db, parts.key.derive('what was tried'));
    this.live = new LiveCampaigns({ ...parts, releases: this.releases }, parts.mostListeners);
    this.#contexts = new Batcher(
      async (ids) => {
        const rows = await db.query<results.ContextRow>(results.CONTEXTS, [ids]);
        const byLease = new Map(rows.map((row) => [row.lease_id, row]));
        return ids.map((id) => byLease.get(id) ?? null);
      },
      BATCH_LIMIT,
      (id) => id,
    );
    this.#leases = new Batcher(
      (asks) => leaseBatch(db, asks, this.now(), randomInt(2 ** 31), this.#shares),
      BATCH_LIMIT,
      (ask) => ask.hostId,
    );
    this.records = new Batcher(
      (items) =>
        recordBatch(
          {
            db,
            small,
            releaseOf: (id, tx) => this.releases.get(id, tx),
            random: () => this.draw(),
          },
          items,
          this.now(),
        ),
      BATCH_LIMIT,
      (item) => item.unitId,
    );
  }

  static async makeFolders(files: ServerFiles): Promise<void> {
    for (const folder of [files.objects, files.uploads])
      await mkdir(folder, { recursive: true, mode: 0o700 });
  }

  /** Whether browsers reach it by TLS. */
  get isSecure(): boolean {
    return this.publicUrl?.startsWith('https:') ?? false;
  }

  info(): ProjectInfo {
    return {
      name: this.name,
      description: '',
      publicKey: this.key.publicKey,
      keyFingerprint: this.key.fingerprint,
      serverVersion: SERVER_VERSION,
      software: this.software.project,
    };
  }

  async lease(hostId: number, request: LeaseRequest): Promise<LeaseReply> {
    const held = request.held.map((text) => readId('l', text));
    const answer = await this.#leases.do({
      hostId,
      want: request.want,
      platforms: request.platforms,
      held: held.filter((id) => id !== null),
    });
    const unknown = new Set(answer.unknown.map((id) => showId('l', id)));
    if (answer.leases.length < request.want) this.#waiting.add(hostId, this.now());
    return {
      leases: [...answer.leases],
      unknown: request.held.filter((text, i) => held[i] === null || unknown.has(text)),
      retryAfterSeconds: retryAfterSeconds(
        answer.leases.length,
        request.want,
        this.#waiting.count,
        Math.random(),
      ),
      reason: answer.leases.length === 0 ? answer.reason : null,
    };
  }

  async giveBack(hostId: number, leases: readonly string[]): Promise<void> {
    const ids = leases.map((text) => readId('l', text)).filter((id) => id !== null);
    await this.db.transaction((tx) => tx.query(GIVE_BACK, [ids, hostId]));
  }

  async report(hostId: number, report: ResultReport): Promise<ResultVerdict> {
    const { db, objects, uploads, releases, records } = this;
    const parts = { db, objects, uploads, releases, contexts: this.#contexts, records };
    return takeReport(parts, hostId, report);
  }

  /** Bytes that a host's uploads may have together: as much as the releases of its leases allow. */
  async allowedBytes(hostId: number): Promise<number> {
    const rows = await this.db.query<{ release_id: number; leases: number }>(LEASES_BY_RELEASE, [hostId]);
    let bytes = 0;
    for (const row of rows) {
      bytes += row.leases * (await this.releases.get(row.release_id)).limits.outputBytes;
    }
    return bytes;
  }

  /** Of the leases asked for, those that this host has reported. */
  async verdicts(hostId: number, leases: readonly string[]): Promise<ResultVerdict[]> {
    const ids = leases.map((text) => readId('l', text)).filter((id) => id !== null);
    const rows = await this.db.query<results.VerdictRow>(results.VERDICTS, [ids, hostId]);
    return rows.map(showVerdict);
  }

  /** Takes back leases over their deadline. */
  async expire(): Promise<number> {
    const now = this.now();
    const [row] = await this.db.transaction((tx) =>
      tx.query<{ expired: number }>(EXPIRE, [now.toISOString()]),
    );
    return row?.expired ?? 0;
  }

  async forget(): Promise<void> {
    const now = this.now().getTime();
    await this.db.transaction((tx) =>
      tx.query(FORGET_EXPIRED, [new Date(now - FORGET_LEASES_AFTER_MS).toISOString()]),
    );
    await dismissCancelled(this.db);
    await this.sessions.forget();
    await this.passkeys.forget();
    await this.instituteLinks.forget();
    await this.recovery.forget();
    await this.ownHosts.forget();
    await this.attempts.forget(new Date(now));
    await this.uploads.forget(new Date(now - FORGET_UPLOADS_AFTER_MS));
  }

  /** Removes from the bucket what a crash, or somebody who never came back, left there. @returns how many objects */
  async collect(): Promise<number> {
    return (await this.#bucket?.collect((hashes) => namedInStore(this.db, hashes))) ?? 0;
  }

  /** @returns the file with the store as it is now */
  snapshot(): Promise<string> {
    return this.#snapshots.pass(() => takeSnapshot(this.db, this.files));
  }

  /** Resolves when all that was asked for is written. */
  async idle(): Promise<void> {
    await this.software.idle();
    await Promise.all([this.#leases.idle(), this.records.idle(), this.#contexts.idle(), this.hosts.idle()]);
    await this.#packs.close();
  }
}
