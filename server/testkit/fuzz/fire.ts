import type { RawReply, RawRequest } from '../raw-request.ts';
import { sendRaw } from '../raw-request.ts';

export interface Fired {
  readonly sent: number;
  /** Statuses with how often. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Requests that the server met with a fault of its own, or with silence. */
  readonly failures: readonly { readonly request: RawRequest; readonly reply: RawReply | Error }[];
  readonly slowestMs: number;
  readonly slowest: RawRequest | null;
}

/** Sends all, a few at once, and looks at every answer. */
export async function fire(url: string, requests: readonly RawRequest[], atOnce: number): Promise<Fired> {
  const statuses = new Map<number, number>();
  const failures: { request: RawRequest; reply: RawReply | Error }[] = [];
  let slowestMs = 0;
  let slowest: RawRequest | null = null;
  const waiting = requests.values();
  const work = async () => {
    for (const request of waiting) {
      const begun = performance.now();
      const reply = await sendRaw(url, request).catch((error: Error) => error);
      const took = performance.now() - begun;
      if (took > slowestMs) [slowestMs, slowest] = [took, request];
      if (reply instanceof Error || reply.status >= 500) failures.push({ request, reply });
      if (!(reply instanceof Error)) statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return { sent: requests.length, statuses, failures, slowestMs, slowest };
}

/** For a person who wants to send it again. */
export function told({ request, reply }: Fired['failures'][number]): string {
  const { method, path, body = '' } = request;
  const answer = reply instanceof Error ? String(reply) : `${reply.status} ${reply.text}`;
  return `${method} ${path.slice(0, 500)} ${String(body).slice(0, 1000)}: ${answer.slice(0, 300)}`;
}
