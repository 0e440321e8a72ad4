import { CampaignDetail } from '../../protocol/campaign.ts';
import { applyDelta, CampaignDelta } from '../../protocol/live.ts';
import { API_PREFIX } from '../../protocol/project-api.ts';
import { ProtocolMismatch, RequestRefused } from '../shared/api/errors.ts';
import { retryDelayMs } from '../shared/api/retry.ts';
import { ask } from './api.ts';

/** live: it is told as it happens. busy: looked at from time to time. lost: nobody answers. missing, older: for good. */
export type Following = 'connecting' | 'live' | 'busy' | 'lost' | 'missing' | 'older';

export interface Listener {
  onCampaign(detail: CampaignDetail): void;
  onState(state: Following): void;
}

const LOOK_AGAIN_MS = 10_000;

/**
 * Follows a campaign: its events, and where the server has no place for one listener more the campaign itself now and
 * then. The browser opens a stream that was cut again by itself; one that was refused is opened here.
 * @returns ends it
 */
export function follow(campaign: string, listener: Listener): () => void {
  const path = `/campaigns/${encodeURIComponent(campaign)}`;
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let detail: CampaignDetail | null = null;
  let failures = 0;
  let isOver = false;
  connect();
  return end;

  function end(): void {
    isOver = true;
    clearTimeout(timer);
    source?.close();
  }

  function connect(): void {
    source = new EventSource(`${API_PREFIX}${path}/events`);
    source.addEventListener('snapshot', ({ data }) => {
      failures = 0;
      take(() => CampaignDetail.parse(JSON.parse(data)));
    });
    source.addEventListener('delta', ({ data }) => {
      const before = detail;
      if (before) take(() => applyDelta(before, CampaignDelta.parse(JSON.parse(data))));
    });
    source.addEventListener('error', () => {
      if (isOver) return;
      if (source?.readyState === EventSource.CLOSED) void look();
      else listener.onState('lost');
    });
  }

  function take(read: () => CampaignDetail): void {
    try {
      detail = read();
    } catch {
      end();
      listener.onState('older');
      return;
    }
    listener.onCampaign(detail);
    listener.onState('live');
  }

  /** Why it was refused, the campaign itself tells. */
  async function look(): Promise<void> {
    try {
      const found = await ask(CampaignDetail, path);
      if (isOver) return;
      detail = found;
      listener.onCampaign(found);
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
