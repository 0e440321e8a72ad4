import { DatabaseError } from 'pg';
import { DoAgain, isStoreFault, StoreError, StoreUnreachable } from './database.ts';

/**
 * SQLSTATEs of a server that is not there, goes, or has no room for one connection more: 08 connection, 57P01 to 57P03
 * shutdown, crash, starting up; 57P05 and 25P03 idle too long; 53300 too many connections; 57014 no answer in time.
 */
const GONE = /^(08...|57P0[1235]|57014|25P03|53300)$/;
/** Transactions that got into each other's way: serialization, deadlock, lock not had in time. */
const AGAIN = new Set(['40001', '40P01', '55P03']);
/** Where it is not reached because of what was configured, waiting does not help: 28 authorization, 3D no such database. */
const REFUSED = /^(28|3D)/;

/** Of two transactions that got into each other's way, one has been undone: it may be done again. */
export function mayDoAgain(error: unknown): boolean {
  return error instanceof DoAgain || (error instanceof DatabaseError && AGAIN.has(error.code ?? ''));
}

/**
 * Says in our own words what PostgreSQL or the connection to it complains of.
 * @param where the server's address, for people
 */
export function told(error: unknown, where: string): unknown {
  if (error instanceof DatabaseError) {
    const { code = '' } = error;
    if (GONE.test(code)) return unreachable(where, error);
    if (REFUSED.test(code)) {
      return new StoreError(
        `the PostgreSQL server ${where} lets this server not in (${error.message}); correct the setting database, or its password`,
        { cause: error },
      );
    }
    if (isStoreFault(code)) {
      return new StoreError(
        `the store is damaged or its disk is full (${error.message}); look at the PostgreSQL server ${where}`,
        { cause: error },
      );
    }
    // Values of a whole batch may stand in it; logs must not have them.
    error.detail = undefined;
    error.where = undefined;
    return error;
  }
  // All else that the client throws is of the connection: refused, reset, timed out, ended.
  return error instanceof StoreError ? error : unreachable(where, error);
}

function unreachable(where: string, cause: unknown): StoreUnreachable {
  const why =
    cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : String(cause);
  return new StoreUnreachable(
    `the PostgreSQL server ${where} can not be reached (${why}); start it, or correct the setting database. Nothing is lost: hosts are told to come again until it is back`,
    { cause },
  );
}
