/** An object's bytes are not what its name says: what keeps them damaged it. Putting it again mends it. */
export class ObjectDamaged extends Error {
  override readonly name = 'ObjectDamaged';
  constructor(sha256: string) {
    super(`object ${sha256} was damaged where the project keeps it and has been removed; upload it again`);
  }
}

/** Bytes do not have the hash they were announced with. */
export class HashMismatch extends Error {
  override readonly name = 'HashMismatch';
  constructor(expected: string, actual: string) {
    super(
      `the bytes have the SHA-256 ${actual}, not ${expected}; compute the hash anew or send the right bytes`,
    );
  }
}

/** More bytes than allowed or announced. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge';
}
