import { resolve } from 'node:path';
import { ALGORITHMS, type Algorithm } from '../../../cvmfs/format/hashes.ts';
import { create } from '../../../cvmfs/publish/index.ts';
import type { Command, Input } from '../../command.ts';
import { UsageError } from '../../errors.ts';
import { parseWhole } from '../../words.ts';
import { placeOf } from './place.ts';
import { now, PUBLISHER_OPTION, publisherFolder, told } from './publisher.ts';

const KIB = 1024;

export const createCommand: Command = {
  name: 'cvmfs create',
  summary: 'make a repository with its keys, and nothing in it yet',
  description:
    'FOLDER is what a web server must serve as http://HOST/cvmfs/NAME. The master key is what readers trust for good: keep its file where nobody publishes, ' +
    'best on a medium that is taken away; it is needed again only to sign the whitelist ("beamtime cvmfs resign"). A file that exists is used, so that several repositories may have one master key.',
  positionals: { name: 'NAME', min: 1, max: 1, help: 'the repository’s name, like sw.example.org' },
  options: {
    folder: { value: 'FOLDER', help: 'where the repository will lie (needed)' },
    'master-key': { value: 'FILE', help: 'the master key; made if it is not there (needed)' },
    ...PUBLISHER_OPTION,
    hash: { value: 'NAME', help: 'sha1, rmd160 or shake128 (default: sha1, which all readers know)' },
    'no-compression': { help: 'store files as they are' },
    chunks: {
      value: 'MIN,AVG,MAX',
      help: 'KiB of the pieces that large files are cut into (default: 4096,8192,16384)',
    },
    ttl: { value: 'SECONDS', help: 'how long readers may keep to a revision without asking (default: 240)' },
    days: { value: 'N', help: 'days until the whitelist must be signed anew (default: 30)' },
    bucket: {
      value: 'URL',
      help: 'keep a copy in an S3-compatible store, like https://HOST/BUCKET/NAME; keys as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    },
    'keep-all': { help: 'nothing is ever removed: no garbage collection' },
  },
  examples: [
    'beamtime cvmfs create sw.example.org --folder /srv/cvmfs/sw --master-key /media/key/master.key',
  ],
  async run(input) {
    const [name = ''] = input.positionals;
    const folder = needed(input, 'folder');
    const masterKeyFile = resolve(needed(input, 'master-key'));
    const publisher = publisherFolder(input, name);
    const bucket = input.text('bucket');
    if (bucket !== undefined) await placeOf(input, bucket);
    const days = parseWhole('days', input.text('days') ?? '30', 1, 3650);
    const { masterPublicFile } = await told(() =>
      create({
        repository: name,
        folder,
        publisherFolder: publisher,
        masterKeyFile,
        whitelistDays: days,
        nowSeconds: now(),
        settings: {
          algorithm: algorithm(input),
          compression: input.flag('no-compression') ? 'none' : 'zlib',
          ttlSeconds: parseWhole('ttl', input.text('ttl') ?? '240', 1, 86_400),
          garbageCollectable: !input.flag('keep-all'),
          ...(bucket === undefined ? {} : { bucket }),
          ...chunks(input),
        },
      }),
    );
    const made = {
      name,
      folder: resolve(folder),
      publisher,
      masterKey: masterKeyFile,
      publicKey: masterPublicFile,
    };
    input.terminal.document(made);
    input.terminal.say(`Repository ${name} in ${made.folder}; serve it as http://HOST/cvmfs/${name}`);
    input.terminal.say(`Readers need ${masterPublicFile}`);
    input.terminal.say(`Take the master key away from here: ${masterKeyFile}`);
    if (bucket !== undefined)
      input.terminal.say(`Each publication copies it to ${bucket}; serve that as http://HOST/cvmfs/${name}`);
    input.terminal.say(`Within ${days} days: beamtime cvmfs resign ${name} --master-key ${masterKeyFile}`);
    return 0;
  },
};

function needed(input: Input, option: string): string {
  const value = input.text(option);
  if (value === undefined) throw new UsageError(`--${option} is needed; see "beamtime cvmfs create --help"`);
  return value;
}

function algorithm(input: Input): Algorithm {
  const text = input.text('hash') ?? 'sha1';
  const known = ALGORITHMS.find((one) => one === text);
  if (!known) throw new UsageError(`--hash takes ${ALGORITHMS.join(', ')}, not "${text}"`);
  return known;
}

function chunks(input: Input) {
  const text = input.text('chunks');
  if (text === undefined) return {};
  const [min = 0, average = 0, max = 0, ...more] = text.split(',').map(Number);
  if (!(min >= 1 && min <= average && average <= max && max <= 1024 * KIB) || more.length > 0)
    throw new UsageError(`--chunks takes three rising numbers of KiB, not "${text}"`);
  const bytes = (kib: number) => Math.round(kib * KIB);
  return { chunkBytes: { min: bytes(min), average: bytes(average), max: bytes(max) } };
}
