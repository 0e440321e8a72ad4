import { AddressLimit } from './address-limit.ts';

/**
 * Keeps one address from filling the store with hosts, since joining needs no account. At once: a class room, a venue,
 * a cluster.
 */
export class Registrations extends AddressLimit {
  constructor() {
    super({ atOnce: 1500, perSecond: 1 });
  }
}
