import { join, resolve } from 'node:path';
import { FormatError } from '../../../cvmfs/format/errors.ts';
import { repositoryName } from '../../../cvmfs/format/manifest.ts';
import {
  daysLeft,
  PublishError,
  Publisher,
  updateCopy,
  WrongPlace,
  whitelistWarning,
} from '../../../cvmfs/publish/index.ts';
import { Refusal } from '../../../cvmfs/read/index.ts';
import { FolderInUse } from '../../../platform/folder-lock.ts';
import type { Input, OptionSpec } from '../../command.ts';
import { CliError, EXIT, RefusedError, UsageError } from '../../errors.ts';
import { dataFolder } from '../../folders.ts';
import { clean } from '../../terminal.ts';
import { count } from '../../words.ts';
import { placeOf } from './place.ts';

export const PUBLISHER_OPTION: Readonly<Record<string, OptionSpec>> = {
  publisher: {
    value: 'FOLDER',
    help: 'where the publisher keeps settings, notes and the release key (default: by its name in the project’s data)',
  },
};

/** The publisher's folder of a repository. @throws UsageError */
export function publisherFolder(input: Input, name: string): string {
  try {
    repositoryName(name);
  } catch (cause) {
    throw new UsageError(`"${name}" is no name for a repository; one is like sw.example.org`, { cause });
  }
  const given = input.text('publisher');
  if (given !== undefined) return resolve(given);
  return join(dataFolder('project', undefined, input.env), 'repositories', name);
}

/** Opens a repository to publish it; says when its whitelist must be signed soon. */
export async function withPublisher(
  input: Input,
  name: string,
  use: (publisher: Publisher) => Promise<number>,
  changes: 'none' | 'adds' | 'removes' = 'adds',
): Promise<number> {
  return told(async () => {
    const publisher = await Publisher.open(publisherFolder(input, name));
    try {
      if (publisher.settings.repository !== name)
        throw new WrongPlace(`that folder publishes ${publisher.settings.repository}, not ${name}`);
      const code = await use(publisher);
      if (changes !== 'none' && !input.flag('dry-run'))
        await copyToBucket(input, publisher, changes === 'removes');
      const days = await daysLeft(publisher.settings.folder, now());
      const warning = whitelistWarning(name, days);
      if (warning !== null) input.terminal.note(`WARNING: ${warning}`);
      return code;
    } finally {
      await publisher.close();
    }
  });
}

/** What was done here is done; a bucket that cannot be reached stays at its old revision until the next command. */
export async function copyToBucket(input: Input, publisher: Publisher, collect: boolean): Promise<void> {
  const { bucket, repository } = publisher.settings;
  if (bucket === undefined) return;
  const to = await placeOf(input, bucket);
  try {
    const options = { collect, stopping: input.stopping, nowSeconds: now() };
    const { objects, bytes, removed } = await updateCopy(publisher, to, options);
    const gone = removed > 0 ? `, ${count(removed)} removed` : '';
    input.terminal.note(`${bucket}: ${count(objects)} objects of ${(bytes / 1e6).toFixed(1)} MB${gone}`);
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    throw new CliError(
      EXIT.failed,
      `published in ${publisher.settings.folder}, but the copy in the bucket is still as it was: ${clean(error.message)}. The next "beamtime cvmfs publish ${repository}" or gc brings it up to date, also where nothing else has changed`,
      { cause: error },
    );
  }
}

/** What publishing refuses becomes words. */
export async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const message = clean(error.message);
    if (error instanceof FormatError || error instanceof Refusal)
      throw new RefusedError(message, { cause: error });
    if (error instanceof PublishError || error instanceof FolderInUse)
      throw new CliError(EXIT.failed, message, { cause: error });
    throw error;
  }
}

export function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** "--at /1.0": a path in the repository as a byte string. @throws UsageError */
export function pathOption(input: Input, option: string): string {
  const written = (input.text(option) ?? '').replaceAll(/\/+/g, '/').replace(/\/$/, '');
  const isPath = written === '' || (written.startsWith('/') && !/\/\.{1,2}(\/|$)/.test(written));
  if (!isPath)
    throw new UsageError(`--${option} takes a path in the repository that begins with "/", not "${written}"`);
  return Buffer.from(written, 'utf8').toString('latin1');
}

export function shownPath(path: string): string {
  return clean(Buffer.from(path === '' ? '/' : path, 'latin1').toString('utf8'));
}
