import { readFile } from 'node:fs/promises';
import { folderOrigin, replicate, serverOrigin } from '../../../cvmfs/publish/index.ts';
import { NoServer, parseMasterKeys } from '../../../cvmfs/read/index.ts';
import type { Command, Input } from '../../command.ts';
import { NotRunningError, UsageError } from '../../errors.ts';
import { clean } from '../../terminal.ts';
import { count, parseWhole } from '../../words.ts';
import { PROXY_OPTION, proxiesOf } from '../session.ts';
import { placeOf } from './place.ts';
import { now, told } from './publisher.ts';

export const replicateCommand: Command = {
  name: 'cvmfs replicate',
  summary: 'copy a repository of somebody else, to serve it as well (stratum 1)',
  description:
    'The newest revision and all that have tags are copied, verified from the master key down; a server or proxy that fails is passed over. What is there already is not fetched again, so run it as often as you like, for example every hour by cron; what is served is whole at every moment.',
  positionals: { name: 'NAME', min: 1, max: 1, help: 'the repository' },
  options: {
    from: {
      value: 'URL,...',
      help: 'its servers, best first ("@fqrn@" stands for the name), or a folder (needed)',
    },
    key: { value: 'FILE', help: 'the master key of its owner, a public key in PEM (needed)' },
    to: {
      value: 'FOLDER|URL',
      help: 'where the copy lies; serve it as http://HOST/cvmfs/NAME. Or a bucket (needed)',
    },
    proxy: PROXY_OPTION,
    gc: { help: 'remove what neither the newest revision nor one with a tag needs' },
    connections: { value: 'N', help: 'objects that are fetched at once (default: 8)' },
  },
  examples: [
    'beamtime cvmfs replicate sw.example.org --from http://host/cvmfs/@fqrn@ --key sw.pub --to /srv/sw',
  ],
  exitCodes: {
    3: 'no server gave what was asked for',
    4: 'what servers gave is not to be believed; the message says why',
  },
  async run(input) {
    const [name = ''] = input.positionals;
    const to = await placeOf(input, needed(input, 'to'));
    const from = needed(input, 'from');
    const pem = await readFile(needed(input, 'key'), 'utf8').catch((cause: Error) => {
      throw new UsageError(`--key: ${cause.message}`, { cause });
    });
    const urls = from.split(',').map((one) => one.replaceAll('@fqrn@', name));
    const isHttp = (url: string) => /^https?:\/\//.test(url) && URL.canParse(url);
    if (urls.length > 1 && !urls.every(isHttp))
      throw new UsageError('--from takes http addresses, or one folder');
    const origin = urls.every(isHttp)
      ? serverOrigin(urls, proxiesOf(input).serverOptions)
      : folderOrigin(from);
    try {
      const done = await told(() =>
        replicate({
          origin,
          repository: name,
          masterKeys: parseMasterKeys(pem),
          to,
          collect: input.flag('gc'),
          connections: parseWhole('connections', input.text('connections') ?? '8', 1, 256),
          stopping: input.stopping,
          nowSeconds: now(),
        }),
      );
      input.terminal.document(done);
      input.terminal.say(
        `Revision ${done.revision}: ${done.unchanged ? 'nothing new' : `${count(done.objects)} objects of ${(done.bytes / 1e6).toFixed(1)} MB`}` +
          (input.flag('gc') ? `; ${count(done.removed)} removed` : ''),
      );
      return 0;
    } catch (error) {
      if (error instanceof NoServer) throw new NotRunningError(clean(error.message), { cause: error });
      throw error;
    } finally {
      origin.close();
    }
  },
};

function needed(input: Input, option: string): string {
  const value = input.text(option);
  if (value === undefined)
    throw new UsageError(`--${option} is needed; see "beamtime cvmfs replicate --help"`);
  return value;
}
