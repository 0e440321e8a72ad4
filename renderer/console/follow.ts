import { CampaignOutline, CampaignPoint } from '../../protocol/campaign.ts';
import { applyDelta, CampaignDelta } from '../../protocol/live.ts';
import { API_PREFIX } from '../../protocol/project-api.ts';
import { ProtocolMismatch, RequestRefused } from '../shared/api/errors.ts';
import { retryDelayMs } from '../shared/api/retry.ts';
import { ask } from './api.ts';

/** live: it is told as it happens. busy: looked at from time to time. lost: nobody answers. missing, older: for good. */
export type Following = 'connecting' | 'live' | 'busy' | 'lost' | 'missing' | 'older';

export interface Listener {
  onCampaign(outline: CampaignOutline): void;
  onPoint(point: CampaignPoint): void;
  onState(state: Following): void;
}

export interface Followed {
  /** Of which points histograms are wanted from here on. */
  watch(points: readonly number[]): void;
  end(): void;
}

const LOOK_AGAIN_MS = 10_000;
/** A slider passes many points on its way. */
const SETTLE_MS = 120;

/**
 * Follows a campaign: its events, and where the server has no place for one listener more the campaign itself now and
 * then. The browser opens a stream that was cut again by itself; one that was refused is opened here. Other points are
 * another stream, which goes on where the one before was.
 */
export function follow(campaign: string, listener: Listener): Followed {
  const path = `/campaigns/${encodeURIComponent(campaign)}`;
  let source: EventSource | null = null;
  let points: readonly number[] = [0];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let settling: ReturnType<typeof setTimeout> | undefined;
  let outline: CampaignOutline | null = null;
  let told = '';
  let failures = 0;
  let isOver = false;
  connect();
  return { watch, end };

  function end(): void {
    isOver = true;
    clearTimeout(timer);
    clearTimeout(settling);
    source?.close();
  }

  function watch(wanted: readonly number[]): void {
    if (wanted.join() === points.join()) return;
    points = [...wanted];
    clearTimeout(settling);
    settling = setTimeout(() => {
      if (isOver) return;
      clearTimeout(timer);
      connect();
    }, SETTLE_MS);
  }

  function connect(): void {
    const before = source;
    const query = new URLSearchParams({ points: points.join() });
    if (outline) query.set('since', told);
    const opened = new EventSource(`${API_PREFIX}${path}/events?${query}`);
    source = opened;
    // The one before goes when this one speaks: so the server never forgets what this page has.
    const hear = (event: string, take: (value: unknown) => void) =>
      opened.addEventListener(event, ({ data, lastEventId }) => {
        if (isOver || opened !== source) return;
        before?.close();
        failures = 0;
        if (lastEventId !== '') told = lastEventId;
        read(() => take(JSON.parse(data)));
      });
    hear('snapshot', (value) => {
      outline = CampaignOutline.parse(value);
      listener.onCampaign(outline);
    });
    hear('delta', (value) => {
      if (!outline) return;
      outline = applyDelta(outline, CampaignDelta.parse(value));
      listener.onCampaign(outline);
    });
    hear('point', (value) => listener.onPoint(CampaignPoint.parse(value)));
    opened.addEventListener('error', () => {
      before?.close();
      if (isOver || opened !== source) return;
      if (opened.readyState === EventSource.CLOSED) void look();
      else listener.onState('lost');
    });
  }

  function read(take: () => void): void {
    try {
      take();
    } catch {
      end();
      listener.onState('older');
      return;
    }
    listener.onState('live');
  }

  /** Why it was refused, the campaign itself tells. */
  async function look(): Promise<void> {
    try {
      const found = await ask(CampaignOutline, `${path}/outline`);
      const wanted = points.filter((index) => index < found.points.length);
      const whole = await Promise.all(wanted.map((index) => ask(CampaignPoint, `${path}/points/${index}`)));
      if (isOver) return;
      outline = found;
      listener.onCampaign(found);
      for (const point of whole) listener.onPoint(point);
      listener.onState('busy');
      timer = setTimeout(connect, LOOK_AGAIN_MS);
    } catch (error) {
      if (isOver) return;
      if (error instanceof ProtocolMismatch) return listener.onState('older');
      if (error instanceof RequestRefused && error.status === 404) return listener.onState('missing');
      listener.onState('lost');
      timer = setTimeout(connect, retryDelayMs(failures, Math.random()));
      failures += 1;
    }
  }
}
