import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import { type ContentHash, objectPath, type Suffix } from '../format/hashes.ts';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A repository that the reference implementation wrote. It is not part of this repository and may lie beside it. */
const FOLDER = process.env.BEAMTIME_CVMFS_SAMPLE ?? join(dirname(ROOT), 'shared/data/cvmfs-sample');

export const SAMPLE_NAME = 'sample.example.org';
export const hasSample = existsSync(join(FOLDER, 'expected.json'));
if (!hasSample) console.warn(`SKIPPED: no sample repository at ${FOLDER} (set BEAMTIME_CVMFS_SAMPLE)`);

export const sampleFolder = join(FOLDER, SAMPLE_NAME);

export function sampleFile(name: string): Buffer {
  return readFileSync(join(sampleFolder, name));
}

export function sampleObject(hash: ContentHash, suffix: Suffix): Buffer {
  return sampleFile(objectPath(hash, suffix));
}

export function sampleMasterKey(): string {
  return readFileSync(join(FOLDER, `${SAMPLE_NAME}.pub`), 'utf8');
}

/** What the reference client shows of it. */
export interface Expected {
  readonly path: string;
  readonly mode: string;
  readonly nlink: number;
  readonly type: 'directory' | 'file' | 'symlink' | 'fifo';
  readonly size?: number;
  readonly sha256?: string;
  readonly target?: string;
}

export function sampleExpected(): Expected[] {
  return JSON.parse(readFileSync(join(FOLDER, 'expected.json'), 'utf8'));
}

/** A folder that is there while the tests of this file run: not before, since a file may be looked at and not run. */
export function scratch(): string {
  const folder = join(tmpdir(), `beamtime-cvmfs-${randomBytes(8).toString('hex')}`);
  beforeAll(() => mkdirSync(folder));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
