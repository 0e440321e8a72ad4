import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context } from 'hono';
import type { Project } from '../project.ts';

/** Where a request comes from, by what the project's proxies say. */
export function addressOf(context: Context, { isProxy }: Pick<Project, 'isProxy'>): string {
  const peer = getConnInfo(context).remote.address ?? '';
  return clientAddress(peer, context.req.header('x-forwarded-for'), isProxy);
}

/**
 * The address a request comes from. A proxy that is believed appends whom it speaks for to X-Forwarded-For; what stands
 * further left was written by others, perhaps by the client.
 * @param peer the other end of the connection
 */
export function clientAddress(
  peer: string,
  forwardedFor: string | undefined,
  isProxy: (address: string) => boolean,
): string {
  const hops = (forwardedFor ?? '').split(',').map((hop) => plain(hop.trim()));
  let address = plain(peer);
  for (let hop = hops.pop(); hop !== undefined && hop !== '' && isProxy(address); hop = hops.pop())
    address = hop;
  return address;
}

/** An IPv4 address as a socket for both families writes it. */
function plain(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}
