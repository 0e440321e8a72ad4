import { WasiError } from './abi.ts';
import type { CallingSide } from './channel.ts';
import {
  type Answer,
  decodeMessage,
  encodeMessage,
  type FileOperation,
  type FileOperations,
} from './messages.ts';

/** File calls as the program's thread makes them: each blocks until it is answered. */
export class FileClient {
  readonly #channel: CallingSide;
  constructor(channel: CallingSide) {
    this.#channel = channel;
  }

  /** @throws WasiError where the call is refused */
  call<Op extends FileOperation>(
    op: Op,
    ask: FileOperations[Op]['ask'],
    data?: Uint8Array,
  ): FileOperations[Op]['answer'] {
    return this.#exchange(op, ask, data).answer as FileOperations[Op]['answer'];
  }

  read(ask: FileOperations['read']['ask']): Uint8Array {
    return this.#exchange('read', ask).data;
  }

  #exchange(op: FileOperation, ask: unknown, asked?: Uint8Array): { answer: object; data: Uint8Array } {
    const { header, data } = decodeMessage<Answer>(this.#channel.call(encodeMessage({ op, ask }, asked)));
    if ('errno' in header) throw new WasiError(header.errno);
    return { answer: header.answer, data };
  }
}
