import type { SafeStorage } from 'electron';

const SEALED = 'sealed:';
const PLAIN = 'plain:';

/**
 * Small secrets in files: encrypted by the system's keyring where there is one. Where there is none they are as they
 * are, in a file that only this user can read; `isEncrypted` says which, and the app says so too.
 */
export class Secrets {
  readonly #storage: SafeStorage;

  /** To be made when the app is ready. */
  constructor(storage: SafeStorage) {
    this.#storage = storage;
  }

  get isEncrypted(): boolean {
    if (!this.#storage.isEncryptionAvailable()) return false;
    // Linux without a keyring: Chromium then "encrypts" with a password that everybody knows.
    return process.platform !== 'linux' || this.#storage.getSelectedStorageBackend() !== 'basic_text';
  }

  seal(secret: string): string {
    if (!this.isEncrypted) return PLAIN + secret;
    return SEALED + this.#storage.encryptString(secret).toString('base64');
  }

  /** @returns null where the keyring that sealed it is not here any more */
  open(kept: string): string | null {
    if (kept.startsWith(PLAIN)) return kept.slice(PLAIN.length);
    try {
      return this.#storage.decryptString(Buffer.from(kept.slice(SEALED.length), 'base64'));
    } catch {
      return null;
    }
  }
}
