import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  debSource,
  debsIn,
  fetchDebs,
  fileBytes,
  type Owner,
  ociSource,
  publish,
  type Source,
  tarSource,
  withDependencies,
} from '../../../cvmfs/publish/index.ts';
import type { Command, Input } from '../../command.ts';
import { UsageError } from '../../errors.ts';
import { ownerOption, REVISION_OPTIONS, revisionOptions } from './publish.ts';
import { PUBLISHER_OPTION, pathOption, told, withPublisher } from './publisher.ts';
import { report, withProgress } from './report.ts';

const KINDS = ['tar', 'oci', 'deb'] as const;

export const importCommand: Command = {
  name: 'cvmfs import',
  summary: 'publish a tar archive, an OCI image or Debian packages at a path of the repository',
  description:
    'KIND is tar with a file (or "-" for what comes in by the pipe; gzip and zstd are taken off), oci with a folder in the OCI image layout, or deb with names of packages: they come with all that they need, from --packages or else from apt. ' +
    'What was at the path before is replaced, all else stays. Scripts of packages are not run.',
  positionals: {
    name: 'NAME KIND WHAT',
    min: 3,
    max: 1000,
    help: 'the repository; tar, oci or deb; and what',
  },
  options: {
    at: { value: 'PATH', help: 'where in the repository (default: all of it)' },
    ...REVISION_OPTIONS,
    ...PUBLISHER_OPTION,
    owner: { value: 'UID:GID', help: 'publish everything as owned by this user and group' },
    packages: { value: 'FOLDER', help: 'deb: a folder of .deb files instead of apt’s' },
    architecture: { value: 'NAME', help: 'oci: which, where there are several (default: amd64)' },
  },
  examples: [
    'tar c -C build . | beamtime cvmfs import sw.example.org tar - --at /1.1',
    'skopeo copy docker://debian:12 oci:image',
    'beamtime cvmfs import sw.example.org oci image --at /debian12',
    'beamtime cvmfs import sw.example.org deb python3 --at /python3',
  ],
  async run(input) {
    const [name = '', kind = '', ...what] = input.positionals;
    const at = pathOption(input, 'at');
    const scratch = await mkdtemp(join(tmpdir(), 'beamtime-import-'));
    try {
      const source = await told(() => sourceOf(input, kind, what, scratch));
      return await withPublisher(input, name, async (publisher) => {
        const options = { ...revisionOptions(input), at };
        const published = await withProgress(options.progress, () => publish(publisher, source, options));
        return report(input, published, { dryRun: input.flag('dry-run') });
      });
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  },
};

async function sourceOf(
  input: Input,
  kind: string,
  what: readonly string[],
  scratch: string,
): Promise<Source> {
  const owner: Owner | null = ownerOption(input);
  const [first = ''] = what;
  if (kind === 'deb') {
    const folder = input.text('packages');
    const all = folder === undefined ? await fetchDebs(what, scratch) : await debsIn(folder);
    const names = what.map((one) => one.replace(/[:=].*$/, ''));
    return debSource(
      withDependencies(names, all).map(({ file }) => file),
      owner,
    );
  }
  if (what.length > 1) throw new UsageError(`"${what[1]}" is one argument too many`);
  if (kind === 'tar') return tarSource(() => (first === '-' ? process.stdin : fileBytes(first)), owner);
  if (kind === 'oci') return ociSource(first, input.text('architecture') ?? 'amd64', owner);
  throw new UsageError(`"${kind}" is none of ${KINDS.join(', ')}`);
}
