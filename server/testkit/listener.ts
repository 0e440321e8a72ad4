import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { CampaignDetail } from '../../protocol/campaign.ts';
import { CampaignDetail as Detail } from '../../protocol/campaign.ts';
import { applyDelta, CampaignDelta } from '../../protocol/live.ts';
import { API_PREFIX } from '../../protocol/project-api.ts';

/** Follows a campaign as a page does. */
export class Listener {
  readonly status: number;
  readonly messages: EventSourceMessage[] = [];
  readonly comments: string[] = [];
  detail: CampaignDetail | null = null;
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

  static async open(url: string, campaign: string): Promise<Listener> {
    const leave = new AbortController();
    const path = `${API_PREFIX}/campaigns/${campaign}/events`;
    return new Listener(await fetch(url + path, { signal: leave.signal }), leave);
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
    if (event === 'snapshot') this.detail = Detail.parse(value);
    else if (this.detail) this.detail = applyDelta(this.detail, CampaignDelta.parse(value));
  }
}
