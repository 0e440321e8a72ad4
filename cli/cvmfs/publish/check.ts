import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkRepository } from '../../../cvmfs/publish/index.ts';
import { parseMasterKeys } from '../../../cvmfs/read/index.ts';
import type { Command } from '../../command.ts';
import { EXIT, UsageError } from '../../errors.ts';
import { clean } from '../../terminal.ts';
import { count } from '../../words.ts';
import { placeOf } from './place.ts';
import { now, told } from './publisher.ts';

export const checkCommand: Command = {
  name: 'cvmfs check',
  summary: 'look whether a repository is whole, down to the bytes of every object',
  description:
    'Looks at the newest revision and all that have tags: signatures, catalogs as the reference implementation checks them, and the hash and size of every object. Nothing is changed.',
  positionals: { name: 'PLACE', min: 1, max: 1, help: 'where the repository lies: a folder, or a bucket' },
  options: {
    key: { value: 'FILE', help: 'the master key that readers trust (default: signatures are not looked at)' },
    fast: { help: 'look only whether objects are there, and do not read them' },
  },
  examples: [
    'beamtime cvmfs check /srv/cvmfs/sw.example.org --key sw.example.org.pub',
    'beamtime cvmfs check https://s3.example.org/bucket/sw.example.org --key sw.example.org.pub',
  ],
  exitCodes: { [EXIT.refused]: 'something is wrong with the repository; the output says what' },
  async run(input) {
    const [where = ''] = input.positionals;
    const { terminal } = input;
    const place = await placeOf(input, where);
    const keyFile = input.text('key');
    const pem =
      keyFile === undefined
        ? ''
        : await readFile(keyFile, 'utf8').catch((cause: Error) => {
            throw new UsageError(`--key: ${cause.message}`, { cause });
          });
    const scratch = await mkdtemp(join(tmpdir(), 'beamtime-check-'));
    try {
      const checked = await told(() =>
        checkRepository({
          place,
          scratch,
          masterKeys: parseMasterKeys(pem),
          readObjects: !input.flag('fast'),
          nowSeconds: now(),
          stopping: input.stopping,
        }),
      );
      terminal.document(checked);
      for (const problem of checked.problems) terminal.say(`WRONG: ${clean(problem)}`);
      terminal.say(
        `Revision ${checked.revision}: ${count(checked.catalogs)} catalogs, ${count(checked.entries)} entries, ${count(checked.objects)} objects` +
          (checked.others > 0
            ? `; ${count(checked.others)} others belong to older revisions, or to none`
            : ''),
      );
      const bad = checked.problems.length;
      terminal.say(bad === 0 ? 'All is well' : `${count(bad)} things are wrong`);
      return bad === 0 ? EXIT.done : EXIT.refused;
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  },
};
