import { z } from 'zod';
import type { KeptFile } from '../files/kept-file.ts';
import type { Secrets } from '../files/secrets.ts';

/** Sealed, since whoever reads an invitation may use it; null: none waits. */
export const WaitingFile = z.strictObject({ sealed: z.string().nullable().default(null) });

/** The invitation that waits for the person's yes: also over a quit, an update or a crash before they gave it. */
export class WaitingInvitation {
  readonly #file: KeptFile<z.infer<typeof WaitingFile>>;
  readonly #secrets: Secrets;

  constructor(file: KeptFile<z.infer<typeof WaitingFile>>, secrets: Secrets) {
    this.#file = file;
    this.#secrets = secrets;
  }

  get isThere(): boolean {
    return this.#file.value.sealed !== null;
  }

  /** The last one stands. */
  put(invitation: string): void {
    void this.#file.set({ sealed: this.#secrets.seal(invitation) });
  }

  take(): string | null {
    const { sealed } = this.#file.value;
    if (sealed === null) return null;
    void this.#file.set({ sealed: null });
    return this.#secrets.open(sealed);
  }
}
