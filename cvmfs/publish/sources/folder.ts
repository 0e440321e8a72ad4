import { type BigIntStats, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { Xattrs } from '../../format/xattrs.ts';
import { inWords, SourceFault } from '../errors.ts';
import type { Intake } from '../intake.ts';
import { makeNode, type Node } from '../tree.ts';
import type { Source } from './source.ts';
import { readXattrs } from './xattrs.ts';

export interface FolderOptions {
  /** Extended attributes as well. */
  readonly xattrs?: boolean;
  /** Instead of the owners that files have. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/** So often other work has its turn. */
const ENTRIES_A_TURN = 500;

/** A folder of this computer. Links are published as links, and other file systems below it as folders. */
export function folderSource(folder: string, options: FolderOptions = {}): Source {
  const top = Buffer.from(resolve(folder), 'utf8').toString('latin1');
  return {
    identity: `folder ${resolve(folder)}`,
    async read(intake) {
      const xattrs = options.xattrs ? await readXattrs(top) : null;
      return new Walk(intake, top, options, xattrs).root();
    },
  };
}

class Walk {
  readonly #intake: Intake;
  readonly #top: string;
  readonly #options: FolderOptions;
  readonly #xattrs: ReadonlyMap<string, Xattrs> | null;
  #sinceTurn = 0;

  constructor(
    intake: Intake,
    top: string,
    options: FolderOptions,
    xattrs: ReadonlyMap<string, Xattrs> | null,
  ) {
    this.#intake = intake;
    this.#top = top;
    this.#options = options;
    this.#xattrs = xattrs;
  }

  async root(): Promise<Node> {
    const stat = status(this.#top);
    if (!stat?.isDirectory()) throw new SourceFault(`${shown(this.#top)} is no folder`);
    const root = this.#node('', this.#top, stat);
    await this.#fill(root, this.#top);
    return root;
  }

  async #fill(directory: Node, path: string): Promise<void> {
    for (const name of names(path)) {
      const at = `${path === '/' ? '' : path}/${name}`;
      const stat = status(at);
      // Gone since the folder was read.
      if (!stat) continue;
      const node = this.#node(name, at, stat);
      directory.children?.set(name, node);
      this.#intake.progress.entries++;
      if (node.entry.kind === 'file') {
        const stamp = {
          bytes: Number(stat.size),
          mtimeNs: stat.mtimeNs,
          ctimeNs: stat.ctimeNs,
          inode: stat.ino,
        };
        this.#intake.file(node, at, at.slice(this.#top.length), stamp);
      }
      if (++this.#sinceTurn >= ENTRIES_A_TURN) {
        this.#sinceTurn = 0;
        await this.#intake.room();
        await turn();
      }
      if (node.children) await this.#fill(node, at);
    }
  }

  #node(name: string, path: string, stat: BigIntStats): Node {
    const { owner } = this.#options;
    const nanoseconds = mod(stat.mtimeNs);
    const isDevice = stat.isBlockDevice() || stat.isCharacterDevice();
    const several = stat.nlink > 1n && stat.isFile();
    const xattrs = this.#xattrs?.get(path);
    return makeNode({
      name,
      mode: Number(stat.mode),
      uid: owner?.uid ?? Number(stat.uid),
      gid: owner?.gid ?? Number(stat.gid),
      mtime: Number((stat.mtimeNs - nanoseconds) / GIGA),
      mtimeNs: Number(nanoseconds),
      ...(xattrs ? { xattrs } : {}),
      ...(stat.isSymbolicLink() ? { target: target(path) } : {}),
      ...(isDevice ? { device: Number(stat.rdev) } : {}),
      link: several ? `${stat.dev}:${stat.ino}` : null,
    });
  }
}

const GIGA = 1_000_000_000n;

/** Never negative: times before 1970 count up within their second too. */
function mod(ns: bigint): bigint {
  const rest = ns % GIGA;
  return rest < 0n ? rest + GIGA : rest;
}

function status(path: string): BigIntStats | null {
  try {
    return lstatSync(Buffer.from(path, 'latin1'), { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch (error) {
    throw inWords(error, `cannot read ${shown(path)}`, SourceFault);
  }
}

function names(path: string): string[] {
  try {
    return readdirSync(Buffer.from(path, 'latin1'), { encoding: 'latin1' }).sort();
  } catch (error) {
    throw inWords(error, `cannot read ${shown(path)}`, SourceFault);
  }
}

function target(path: string): string {
  try {
    return readlinkSync(Buffer.from(path, 'latin1'), { encoding: 'latin1' });
  } catch (error) {
    throw inWords(error, `cannot read ${shown(path)}`, SourceFault);
  }
}

function shown(path: string): string {
  return Buffer.from(path, 'latin1').toString('utf8');
}
