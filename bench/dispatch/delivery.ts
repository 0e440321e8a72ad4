import { goingWithReport, withBytes } from '../../engine/work/upload.ts';
import type { OutputFile } from '../../protocol/primitives.ts';
import type { Lease, ReportedFile, ResultReport } from '../../protocol/project-api.ts';
import type { Imitation, Outputs } from './outputs.ts';

/** What a host sends of a unit's outputs. */
export interface Delivery {
  /** Each by a resumable upload, before the report. */
  readonly uploads: readonly { readonly file: OutputFile; readonly content: Buffer }[];
  /** The report's `outcome`, in JSON. */
  readonly outcome: Buffer;
}

/** As an engine does it (work/deliver-step.ts); or, for comparison, all files by uploads. */
export async function deliveryOf(outputs: Outputs, how: 'engine' | 'uploads' = 'engine'): Promise<Delivery> {
  const going = how === 'engine' ? goingWithReport(outputs.files) : new Set<OutputFile>();
  const files: ReportedFile[] = [];
  const uploads: { file: OutputFile; content: Buffer }[] = [];
  for (const [i, file] of outputs.files.entries()) {
    const content = outputs.contents[i] ?? Buffer.alloc(0);
    if (going.has(file)) files.push(await withBytes(file, content));
    else {
      uploads.push({ file, content });
      files.push(file);
    }
  }
  const outcome: ResultReport['outcome'] = { state: 'finished', outputHash: outputs.outputHash, files };
  return { uploads, outcome: Buffer.from(JSON.stringify(outcome)) };
}

/** So many at a time: zlib has four threads. */
const AT_A_TIME = 8;

/**
 * What hosts will send of a campaign's first units, made before anything is measured: real hosts compute and compress on
 * processors of their own. 28 kB each.
 */
export class Deliveries {
  readonly #imitation: Imitation;
  readonly #ready = new Map<string, Delivery>();

  constructor(imitation: Imitation) {
    this.#imitation = imitation;
  }

  async prepare(cards: readonly Lease['card'][]): Promise<void> {
    for (let i = 0; i < cards.length; i += AT_A_TIME) {
      const some = cards.slice(i, i + AT_A_TIME);
      const made = await Promise.all(some.map((card) => deliveryOf(this.#imitation.outputs(card))));
      for (const [j, card] of some.entries()) {
        const delivery = made[j];
        if (delivery) this.#ready.set(keyOf(card), delivery);
      }
    }
  }

  /** Of a unit that was not prepared it is made now. */
  of(card: Lease['card']): Delivery | Promise<Delivery> {
    return this.#ready.get(keyOf(card)) ?? deliveryOf(this.#imitation.outputs(card));
  }
}

/** Each point has a seed of its own. */
function keyOf({ seed, firstEvent }: Lease['card']): string {
  return `${seed} ${firstEvent}`;
}
