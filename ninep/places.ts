import type { TreeNode } from './tree.ts';

/**
 * Where fids stand: the names a session has walked, as a tree of its own. Fids of one file share a place, so a
 * rename moves them all at once, and a saved session can tell each fid's path. A place that is held is known to
 * its parent and holds it; one that nobody holds is forgotten.
 */
export class Place {
  node: TreeNode;
  parent: Place | null;
  name: string;
  /** Its name was removed or given to something else. */
  gone = false;
  #holders = 0;
  #children: Map<string, Place> | null = null;

  constructor(node: TreeNode, parent: Place | null, name: string) {
    this.node = node;
    this.parent = parent;
    this.name = name;
  }

  hold(): this {
    this.#holders += 1;
    if (this.#holders === 1 && this.parent) this.parent.hold().#adopt(this);
    return this;
  }

  release(): void {
    this.#holders -= 1;
    const { parent } = this;
    if (this.#holders > 0 || !parent) return;
    if (parent.#children?.get(this.name) === this) parent.#children.delete(this.name);
    parent.release();
  }

  /**
   * The place of an entry just looked up or made, for the caller to hold; the one that is known already, if it is
   * still the same file.
   */
  child(name: string, node: TreeNode): Place {
    const known = this.#children?.get(name);
    if (known && known.node.id === node.id && known.node.kind === node.kind) {
      // A number is given out again once a file is gone; whoever has the old one open keeps it from that.
      known.node = node;
      return known;
    }
    if (known) known.gone = true;
    return new Place(node, this, name);
  }

  #adopt(child: Place): void {
    if (child.gone) return;
    this.#children ??= new Map();
    this.#children.set(child.name, child);
  }

  /** The entry was removed. */
  removed(name: string): void {
    const place = this.#children?.get(name);
    if (!place) return;
    place.gone = true;
    this.#children?.delete(name);
  }

  /** The entry was renamed; what stood there is gone. */
  moved(name: string, parent: Place, newName: string): void {
    const place = this.#children?.get(name);
    if (parent === this && name === newName) return;
    // rename(2) between two names of one file does nothing.
    if (place && place.node.id === parent.#children?.get(newName)?.node.id) return;
    parent.removed(newName);
    if (!place) return;
    this.#children?.delete(name);
    parent.hold();
    place.parent = parent;
    place.name = newName;
    parent.#adopt(place);
    this.release();
  }

  /** Names from the root; null when one of them is gone. */
  path(): string[] | null {
    const names: string[] = [];
    for (let place: Place = this; place.parent; place = place.parent) {
      if (place.gone) return null;
      names.push(place.name);
    }
    return names.reverse();
  }
}

/**
 * Follows names down from a place.
 * @param onStep told of each place reached
 * @returns the last place, held for the caller, who must release it
 */
export async function descend(
  from: Place,
  names: readonly string[],
  onStep: (place: Place) => void = () => {},
): Promise<Place> {
  let place = from.hold();
  try {
    for (const name of names) {
      const next = name === '..' ? (place.parent ?? place) : place.child(name, await place.node.lookup(name));
      next.hold();
      place.release();
      place = next;
      onStep(place);
    }
    return place;
  } catch (error) {
    place.release();
    throw error;
  }
}
