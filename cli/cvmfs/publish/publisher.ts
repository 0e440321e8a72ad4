import { join, resolve } from 'node:path';
import { FormatError } from '../../../cvmfs/format/errors.ts';
import { repositoryName } from '../../../cvmfs/format/manifest.ts';
import {
  daysLeft,
  PublishError,
  Publisher,
  WrongPlace,
  whitelistWarning,
} from '../../../cvmfs/publish/index.ts';
import { Refusal } from '../../../cvmfs/read/index.ts';
import { FolderInUse } from '../../../platform/folder-lock.ts';
import type { Input, OptionSpec } from '../../command.ts';
import { CliError, EXIT, RefusedError, UsageError } from '../../errors.ts';
import { dataFolder } from '../../folders.ts';
import { clean } from '../../terminal.ts';

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
): Promise<number> {
  return told(async () => {
    const publisher = await Publisher.open(publisherFolder(input, name));
    try {
      if (publisher.settings.repository !== name)
        throw new WrongPlace(`that folder publishes ${publisher.settings.repository}, not ${name}`);
      const code = await use(publisher);
      const days = await daysLeft(publisher.settings.folder, now());
      const warning = whitelistWarning(name, days);
      if (warning !== null) input.terminal.note(`WARNING: ${warning}`);
      return code;
    } finally {
      await publisher.close();
    }
  });
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
