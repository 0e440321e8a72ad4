import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { type CampaignDetail, CampaignOutline, CampaignPoint } from '../../protocol/campaign.ts';
import { applyDelta, CampaignDelta } from '../../protocol/live.ts';
import { API_PREFIX } from '../../protocol/project-api.ts';

/** Follows a campaign as a page does. */
export class Listener {
  readonly status: number;
  readonly messages: EventSourceMessage[] = [];
  readonly comments: string[] = [];
  outline: CampaignOutline | null = null;
  /** Those asked for, by index. */
  readonly points = new Map<number, CampaignPoint>();
  /** Resolves when the server has ended the stream, or it was left. */
  readonly ended: Promise<void>;
  readonly #leave: AbortController;

  private constructor(answer: Response, leave: AbortController) {
    this.status = answer.status;
    this.#leave = leave;
    this.ended = this.#read(answer).catch((error: unknown) => {
      if (!leave.signal.aborted) throw error;
    });
  }

  /** @param query such as "?points=0,1" */
  static async open(url: string, campaign: string, query = ''): Promise<Listener> {
    const leave = new AbortController();
    const path = `${API_PREFIX}/campaigns/${campaign}/events${query}`;
    return new Listener(await fetch(url + path, { signal: leave.signal }), leave);
  }

  /** Of a campaign all of whose points were asked for. */
  get detail(): CampaignDetail | null {
    const { outline, points } = this;
    return outline && { ...outline, points: [...points.values()].sort((a, b) => a.index - b.index) };
  }

  get deltas(): CampaignDelta[] {
    return this.messages
      .filter(({ event }) => event === 'delta')
      .map(({ data }) => CampaignDelta.parse(JSON.parse(data)));
  }

  async leave(): Promise<void> {
    this.#leave.abort();
    await this.ended;
  }

  async #read(answer: Response): Promise<void> {
    if (!answer.ok || !answer.body) return answer.body?.cancel();
    const parser = createParser({
      onEvent: (message) => {
        this.messages.push(message);
        this.#take(message);
      },
      onComment: (comment) => this.comments.push(comment),
    });
    const decoder = new TextDecoder();
    for await (const chunk of answer.body) parser.feed(decoder.decode(chunk, { stream: true }));
  }

  #take({ event, data }: EventSourceMessage): void {
    const value: unknown = JSON.parse(data);
    if (event === 'snapshot') this.outline = CampaignOutline.parse(value);
    else if (event === 'point') {
      const point = CampaignPoint.parse(value);
      this.points.set(point.index, point);
    } else if (this.outline) this.outline = applyDelta(this.outline, CampaignDelta.parse(value));
  }
}
