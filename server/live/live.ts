import type { Logger } from '../../platform/log.ts';
import { type CampaignReading, campaignId, campaignVersions, readCampaign } from '../campaigns/read.ts';
import { ApiFailure } from '../errors.ts';
import type { Releases } from '../releases.ts';
import type { Database } from '../store/database.ts';
import { Feed } from './feed.ts';
import { feedStream } from './stream.ts';

/** A listener takes 37 kB of memory, its connection with it (2,000 of them, measured): 370 MB for all. */
export const MOST_LISTENERS = 10_000;
/** At most so often a campaign is looked at for all its listeners. */
const LOOK_EVERY_MS = 1000;
/** To tell one listener takes below 0.4 ms of a core: however many there are, most of the time is left for hosts. */
const PAUSE_PER_LISTENER_MS = 1;
/** What is shown may change with the time alone (a deadline passes), and news may get lost: as often all the same. */
const READ_EVERY_MS = 15_000;
const TRY_AGAIN_SECONDS = 30;

export interface LiveParts {
  readonly db: Database;
  readonly releases: Releases;
  readonly log: Logger;
  readonly now: () => Date;
}

interface Followed {
  readonly feed: Promise<Feed | null>;
  listeners: number;
  readAtMs: number;
}

/**
 * Campaigns that somebody follows. While there is news, from whichever server, their rows' versions are asked for once a
 * second, all in one statement, and of those that have changed the points that have. News only says when to look: nothing
 * but the store is believed.
 */
export class LiveCampaigns {
  readonly #db: Database;
  readonly #releases: Releases;
  readonly #log: Logger;
  readonly #now: () => Date;
  readonly #most: number;
  readonly #followed = new Map<number, Followed>();
  readonly #ended = new AbortController();
  #listeners = 0;
  #lookedAtMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #isNews = false;
  readonly #forgetNews: () => void;

  constructor({ db, releases, log, now }: LiveParts, most: number = MOST_LISTENERS) {
    this.#db = db;
    this.#releases = releases;
    this.#log = log;
    this.#now = now;
    this.#most = most;
    this.#forgetNews = db.onNews((topic) => {
      if (topic === 'campaigns') this.#isNews = true;
    });
  }

  get listeners(): number {
    return this.#listeners;
  }

  /**
   * @param idOrName "c3", or the campaign's name
   * @param options.points whose histograms are wanted
   * @param options.since the last id that this listener was told
   * @returns null where there is no such campaign
   * @throws ApiFailure where too many listen already
   */
  async follow(
    idOrName: string,
    options: { readonly points?: readonly number[]; readonly since?: string | undefined } = {},
  ): Promise<ReadableStream<Uint8Array> | null> {
    if (this.#listeners >= this.#most) throw tooMany();
    this.#listeners += 1;
    let leave = () => {
      this.#listeners -= 1;
    };
    try {
      const id = await campaignId(this.#db, idOrName);
      if (id === null) return null;
      const followed = this.#join(id);
      const leaveServer = leave;
      leave = () => {
        leaveServer();
        followed.listeners -= 1;
        if (followed.listeners === 0) this.#forget(id, followed);
      };
      const feed = await followed.feed;
      if (!feed) return null;
      const { points, leave: unwatch } = feed.watch(options.points ?? []);
      const leaveCampaign = leave;
      leave = () => {
        unwatch();
        leaveCampaign();
      };
      if (feed.isBehind) {
        const reading = await this.#read(id, { whole: points, only: points });
        if (reading) feed.putPoints(reading);
      }
      const stream = feedStream(feed, { points, since: options.since ?? null }, this.#ended.signal, leave);
      leave = () => {};
      return stream;
    } finally {
      leave();
    }
  }

  /** Ends all streams. */
  async close(): Promise<void> {
    this.#forgetNews();
    this.#ended.abort();
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    await this.#looking;
  }

  #join(id: number): Followed {
    let followed = this.#followed.get(id);
    if (!followed) {
      const first = this.#read(id);
      followed = {
        feed: first.then((reading) => reading && new Feed(reading)),
        listeners: 0,
        readAtMs: Date.now(),
      };
      this.#followed.set(id, followed);
    }
    followed.listeners += 1;
    if (!this.#ended.signal.aborted) this.#timer ??= setInterval(() => this.#tick(), LOOK_EVERY_MS);
    return followed;
  }

  #forget(id: number, followed: Followed): void {
    if (this.#followed.get(id) === followed) this.#followed.delete(id);
    if (this.#followed.size > 0 || !this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  /** A look that takes longer than a second delays the next, and so do very many listeners. */
  #tick(): void {
    const now = Date.now();
    const pauseMs = this.#listeners * PAUSE_PER_LISTENER_MS;
    if (this.#looking || now - this.#lookedAtMs < (this.#isNews ? pauseMs : Math.max(pauseMs, READ_EVERY_MS)))
      return;
    this.#lookedAtMs = now;
    this.#isNews = false;
    this.#looking = this.#look()
      .catch((error: unknown) => {
        this.#isNews = true;
        this.#log.warn({ err: error }, 'followed campaigns could not be read');
      })
      .finally(() => {
        this.#looking = null;
      });
  }

  async #look(): Promise<void> {
    const versions = await campaignVersions(this.#db, [...this.#followed.keys()]);
    for (const [id, followed] of this.#followed) {
      const feed = await followed.feed.catch(() => null); // Told to who waits for it.
      const now = Date.now();
      if (!feed) continue;
      const isFresh = versions.get(id) === feed.version && !feed.isBehind;
      if (isFresh && now - followed.readAtMs < READ_EVERY_MS) continue;
      const reading = await this.#read(id, { known: feed.pointVersions, whole: feed.watched });
      followed.readAtMs = now;
      if (reading) feed.put(reading);
    }
  }

  #read(id: number, options: Parameters<typeof readCampaign>[4] = {}): Promise<CampaignReading | null> {
    return readCampaign(this.#db, this.#releases, id, this.#now(), options);
  }
}

function tooMany(): ApiFailure {
  const words =
    'too many people follow campaigns here just now; look at the campaign without its events, or try again later';
  return new ApiFailure(503, 'too-many-listeners', words, { retryAfterSeconds: TRY_AGAIN_SECONDS });
}
