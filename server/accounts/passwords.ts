import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { ApiFailure } from '../errors.ts';
import { Gate } from '../gate.ts';

const derive = promisify(argon2);

/**
 * OWASP's Password Storage Cheat Sheet: argon2id with 19 MiB, 2 passes, 1 lane; 50 ms of a core here. A hash says which it was
 * made with, so these may grow.
 */
const MEMORY_KIB = 19_456;
const PASSES = 2;
const LANES = 1;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** Node's pool has four threads, which files and names want as well. */
const gate = new Gate(2);

const PHC =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/** @returns a PHC string (github.com/P-H-C/phc-string-format) */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await argon2id(password, salt, { memory: MEMORY_KIB, passes: PASSES, parallelism: LANES });
  return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$${unpadded(salt)}$${unpadded(hash)}`;
}

/** @returns whether it is the password that `phc` was made of; never where `phc` is none */
export async function isPassword(password: string, phc: string): Promise<boolean> {
  const [, memory, passes, lanes, salt = '', hash = ''] = PHC.exec(phc) ?? [];
  if (memory === undefined) return false;
  const wanted = Buffer.from(hash, 'base64');
  const found = await argon2id(
    password,
    Buffer.from(salt, 'base64'),
    { memory: Number(memory), passes: Number(passes), parallelism: Number(lanes) },
    wanted.length,
  );
  return timingSafeEqual(found, wanted);
}

let ofNobody: Promise<string> | null = null;

/** What a password is held against where there is no such account: as long as any, and never right. */
export async function isNobodysPassword(password: string): Promise<false> {
  ofNobody ??= hashPassword(randomBytes(32).toString('base64'));
  await isPassword(password, await ofNobody);
  return false;
}

type Cost = Pick<Argon2Parameters, 'memory' | 'passes' | 'parallelism'>;

/** The same letters typed on another keyboard are the same password (NIST SP 800-63B: normalise). */
function argon2id(password: string, nonce: Buffer, cost: Cost, tagLength = HASH_BYTES): Promise<Buffer> {
  const message = Buffer.from(password.normalize('NFKC'), 'utf8');
  return gate.pass(() => derive('argon2id', { ...cost, message, nonce, tagLength }));
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

/** @throws ApiFailure 422 */
export function mustNotTell(password: string, login: string): void {
  if (!password.toLowerCase().includes(login)) return;
  throw new ApiFailure(422, 'weak-password', 'the password has the name in it; choose another', {
    place: 'password',
  });
}
