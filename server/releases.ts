import type { Listed } from '../cvmfs/publish/index.ts';
import { sha256 } from '../platform/files.ts';
import type { SoftwareListing } from '../protocol/project-api.ts';
import { Appliance, Release, type Signed, TREE_PLATFORM } from '../protocol/release.ts';
import type { ApplianceUpload } from '../protocol/staff-api.ts';
import { TreeManifest } from '../protocol/tree.ts';
import type { AuditEvent } from './audit/chain.ts';
import { appendAudit } from './audit/trail.ts';
import { parameterCheck } from './campaigns/points.ts';
import { canonicalJson } from './canonical.ts';
import { ApiFailure } from './errors.ts';
import type { ProjectKey } from './key.ts';
import type { Objects } from './objects/objects.ts';
import { applianceContents, releaseContents } from './software/contents.ts';
import type { Software } from './software/software.ts';
import { type Database, inTurn, type Queryable } from './store/database.ts';

/** Signed releases and the appliance: documents that never change once there. */
export class Releases {
  readonly #db: Database;
  readonly #objects: Objects;
  readonly #key: ProjectKey;
  readonly #software: Software;
  readonly #byId = new Map<number, Release>();

  constructor(db: Database, objects: Objects, key: ProjectKey, software: Software) {
    this.#db = db;
    this.#objects = objects;
    this.#key = key;
    this.#software = software;
  }

  /**
   * Publishes a release in the project's repository and notes it, signed.
   * @throws ApiFailure 409 when another document has that name and version, 422 when it can not be used; PublishError
   */
  async put(release: Release, now: Date): Promise<Signed> {
    if (release.software) {
      throw new ApiFailure(
        422,
        'release-invalid',
        'where a release lies is for the server to say; leave it out',
        {
          place: 'software',
        },
      );
    }
    parameterCheck(release.parameters);
    const names = release.histograms.map((axis) => axis.name);
    const twice = names.findIndex((name, i) => names.indexOf(name) !== i);
    if (twice >= 0) {
      throw new ApiFailure(422, 'release-invalid', `two histograms are named "${names[twice]}"; rename one`, {
        place: `histograms[${twice}].name`,
      });
    }
    for (const [platform, blob] of Object.entries(release.programs)) {
      await this.#mustHold(blob, `programs.${platform}`);
    }
    if (release.outputs && release.histograms.length > 0) {
      throw new ApiFailure(
        422,
        'release-invalid',
        'has both outputs and histograms; a program that fills histograms writes blocks, one with outputs does not',
        { place: 'outputs' },
      );
    }
    await this.#checkTree(release);
    return this.#inTurn(() => this.#publish(release, now));
  }

  /** What was published before stays as it is; one of a time without repository gets its place in it. */
  async #publish(release: Release, now: Date): Promise<Signed> {
    const { application, version } = release;
    const before = await this.signed(application, version);
    if (before) {
      const { software, ...content } = Release.parse(JSON.parse(before.body));
      if (canonicalJson(content) !== canonicalJson(release)) {
        throw new ApiFailure(
          409,
          'release-exists',
          `${application} ${version} is published with other content and can not change; give this one a new version`,
          { place: 'version' },
        );
      }
      if (software) return before;
    }
    const tag = `${application}-${version}`;
    await this.#mustBeFree(tag, release);
    const software = await this.#software.publish(
      {
        path: `/releases/${application}/${version}`,
        tag,
        title: release.title,
        entries: await releaseContents(release, this.#objects),
      },
      now,
    );
    const signed = this.#key.sign(canonicalJson({ ...release, software }));
    const [row] = await this.#db.transaction(async (tx) => {
      await appendAudit(tx, now, [this.#signing('release', `${application} ${version}`, signed)]);
      return tx.query<{ id: number }>(
        `INSERT INTO release (application, version, body, signature, added_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (application, version) DO UPDATE SET body = excluded.body, signature = excluded.signature
         RETURNING id`,
        [application, version, signed.body, signed.signature, now.toISOString()],
      );
    });
    if (row) this.#byId.delete(row.id);
    return signed;
  }

  /** Of this process, and of all servers of the store. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#software.inTurn(() => inTurn(this.#db, 'software', work));
  }

  #signing(event: 'release' | 'appliance', name: string, { body }: Signed): AuditEvent {
    return { event, details: { name, signedSha256: sha256(body), key: this.#key.fingerprint } };
  }

  /** "a-b" of "c" and "a" of "b-c" would have one tag. */
  async #mustBeFree(tag: string, { application }: Release): Promise<void> {
    const [other] = await this.#db.query<{ application: string; version: string }>(
      `SELECT application, version FROM release WHERE application || '-' || version = $1 AND application <> $2`,
      [tag, application],
    );
    if (!other) return;
    throw new ApiFailure(
      409,
      'tag-taken',
      `its tag "${tag}" is that of ${other.application} ${other.version}; give this one another version`,
      { place: 'version' },
    );
  }

  async signed(application: string, version: string): Promise<Signed | null> {
    const [row] = await this.#db.query<Signed>(
      'SELECT body, signature FROM release WHERE application = $1 AND version = $2',
      [application, version],
    );
    return row ?? null;
  }

  async find(application: string, version: string): Promise<{ id: number; release: Release } | null> {
    const [row] = await this.#db.query<{ id: number }>(
      'SELECT id FROM release WHERE application = $1 AND version = $2',
      [application, version],
    );
    return row ? { id: row.id, release: await this.get(row.id) } : null;
  }

  /**
   * A release the store refers to.
   * @param via the transaction the caller is in: the embedded store would wait for it to end for ever
   */
  async get(id: number, via: Queryable = this.#db): Promise<Release> {
    const known = this.#byId.get(id);
    if (known) return known;
    const [row] = await via.query<{ body: string }>('SELECT body FROM release WHERE id = $1', [id]);
    if (!row) throw new Error(`the store refers to release ${id}, which is not there`);
    const release = Release.parse(JSON.parse(row.body));
    this.#byId.set(id, release);
    return release;
  }

  async putAppliance(upload: ApplianceUpload, now: Date): Promise<Signed> {
    await this.#mustHold(upload.kernel, 'kernel');
    await this.#mustHold(upload.initrd, 'initrd');
    const image = sha256(`${upload.kernel.sha256} ${upload.initrd.sha256}\n`);
    return this.#inTurn(() => this.#publishAppliance({ image, ...upload }, now));
  }

  async #publishAppliance(appliance: Appliance, now: Date): Promise<Signed> {
    const { image } = appliance;
    const [known] = await this.#db.query<{ body: string }>('SELECT body FROM appliance WHERE image = $1', [
      image,
    ]);
    const software =
      (known && Appliance.parse(JSON.parse(known.body)).software) ??
      (await this.#software.publish(
        {
          path: `/appliances/${image}`,
          tag: `appliance-${image}`,
          title: `Linux ${appliance.kernelVersion}`,
          entries: applianceContents(appliance, this.#objects),
        },
        now,
      ));
    const signed = this.#key.sign(canonicalJson({ ...appliance, software }));
    const [row] = await this.#db.transaction(async (tx) => {
      await appendAudit(tx, now, [this.#signing('appliance', image, signed)]);
      return tx.query<Signed>(
        `INSERT INTO appliance (image, body, signature, added_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (image) DO UPDATE
         SET added_at = excluded.added_at, body = excluded.body, signature = excluded.signature
         RETURNING body, signature`,
        [image, signed.body, signed.signature, now.toISOString()],
      );
    });
    return row ?? signed;
  }

  /** The one hosts use now. */
  async appliance(): Promise<Signed | null> {
    const [row] = await this.#db.query<Signed>(
      'SELECT body, signature FROM appliance ORDER BY added_at DESC, id DESC LIMIT 1',
    );
    return row ?? null;
  }

  /** All that is published, newest first. */
  async published(): Promise<SoftwareListing['published']> {
    const releases = await this.#db.query<{ body: string; added_at: Date }>(
      'SELECT body, added_at FROM release ORDER BY id DESC',
    );
    const appliances = await this.#db.query<{ body: string; added_at: Date }>(
      'SELECT body, added_at FROM appliance ORDER BY id DESC',
    );
    const listed: SoftwareListing['published'] = await Promise.all(
      releases.map(async ({ body, added_at }) => {
        const release = Release.parse(JSON.parse(body));
        const { application, version, title, software = null } = release;
        const size = sizeOf(await releaseContents(release, this.#objects));
        const name = `${application} ${version}`;
        return { kind: 'release' as const, name, title, ...size, addedAt: moment(added_at), place: software };
      }),
    );
    for (const { body, added_at } of appliances) {
      const appliance = Appliance.parse(JSON.parse(body));
      const { image: name, kernelVersion, software = null } = appliance;
      const size = sizeOf(applianceContents(appliance, this.#objects));
      const title = `Linux ${kernelVersion}`;
      listed.push({ kind: 'appliance', name, title, ...size, addedAt: moment(added_at), place: software });
    }
    return listed.sort((a, b) => (a.addedAt < b.addedAt ? 1 : a.addedAt > b.addedAt ? -1 : 0));
  }

  /** A program that is a tree: the project must hold all of it, and its command must be in it. */
  async #checkTree(release: Release): Promise<void> {
    const { command, programs, environment } = release;
    const refuse = (place: string, message: string) =>
      new ApiFailure(422, 'release-invalid', message, { place });
    if (command === undefined) {
      if (environment) throw refuse('environment', 'only a command has an environment; name the command');
      return;
    }
    const program = programs[TREE_PLATFORM];
    if (!program || Object.keys(programs).length > 1)
      throw refuse('programs', `a release with a command has one program, a tree for ${TREE_PLATFORM}`);
    const text = (await this.#objects.read(program.sha256))?.toString('utf8') ?? '';
    const manifest = TreeManifest.safeParse(parsed(text));
    if (!manifest.success) {
      const why = manifest.error.issues[0];
      throw refuse(
        `programs.${TREE_PLATFORM}`,
        `is not the manifest of a tree (${why?.path.join('.') ?? ''}: ${why?.message ?? ''}); name a folder`,
      );
    }
    const { entries } = manifest.data;
    if (!entries.some((entry) => entry.path === command && ('target' in entry || entry.executable)))
      throw refuse('command', `"${command}" is no executable file of the tree`);
    const files = entries.flatMap((entry) => ('target' in entry ? [] : [entry]));
    const sizes = await this.#objects.sizes(files.map((file) => file.sha256));
    const missing = files.find((file) => sizes.get(file.sha256) !== file.bytes);
    if (missing) await this.#mustHold(missing, `programs.${TREE_PLATFORM}.${missing.path}`);
  }

  async #mustHold(blob: { sha256: string; bytes: number }, place: string): Promise<void> {
    const bytes = await this.#objects.size(blob.sha256);
    if (bytes === null) {
      throw new ApiFailure(
        422,
        'object-missing',
        `the project does not hold object ${blob.sha256}; upload it first`,
        { place: `${place}.sha256` },
      );
    }
    if (bytes !== blob.bytes) {
      throw new ApiFailure(
        422,
        'object-length',
        `object ${blob.sha256} has ${bytes} bytes, not ${blob.bytes}`,
        {
          place: `${place}.bytes`,
        },
      );
    }
  }
}

function sizeOf(entries: readonly Listed[]): { bytes: number; files: number } {
  const files = entries.flatMap((entry) => ('target' in entry ? [] : [entry.bytes]));
  return { bytes: files.reduce((sum, bytes) => sum + bytes, 0), files: files.length };
}

function moment(date: Date): string {
  return date.toISOString();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
