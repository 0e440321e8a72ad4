import type { Intake } from '../intake.ts';
import type { Node } from '../tree.ts';

/** What is published. */
export interface Source {
  /** The same each time; what was noted of its files is found by it. null: nothing is noted. */
  readonly identity: string | null;
  /** Reads it all and gives its root, whose name does not count. Contents may still be under way. */
  read(intake: Intake): Promise<Node>;
}
