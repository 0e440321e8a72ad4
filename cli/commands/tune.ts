import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Tune } from '../../physics/tune/document.ts';
import { TooFewSamples } from '../../physics/tune/response.ts';
import { tune as runTune, type TuneInput } from '../../physics/tune/tune.ts';
import { writeFileAtomic } from '../../platform/files.ts';
import type { Command, Input } from '../command.ts';
import { findStaffServer, STAFF_SERVER_OPTIONS } from '../endpoints.ts';
import { CliError, EXIT, RefusedError, UsageError } from '../errors.ts';
import { dataFolder, dataOption } from '../folders.ts';
import { pushDocument } from '../push.ts';
import { localCompute } from '../tune/local.ts';
import { type ReadRequest, readRequest } from '../tune/request.ts';
import { show } from '../tune/show.ts';
import { volunteersCompute } from '../tune/volunteers.ts';
import { count, parseWhole } from '../words.ts';

export const tune: Command = {
  name: 'tune',
  summary: 'fit a generator’s parameters to measured data (project staff)',
  description:
    'Samples the parameters, fits how each measured bin depends on them, and finds where they describe the data best: ' +
    'docs/physics.md, "Tuning". The release and the samples are pushed as a campaign, and the command waits for volunteers; ended and ' +
    'given again, it goes on. With --local this computer does it all, and finds the same.',
  positionals: { name: 'FILE', min: 1, max: 1, help: 'a document with "kind: tune"' },
  options: {
    ...dataOption('project'),
    ...STAFF_SERVER_OPTIONS,
    local: { help: 'compute the samples on this computer, without a project' },
    cores: { value: 'N', help: 'with --local: so many at once (default: all cores)' },
    output: { value: 'FILE', short: 'o', help: 'write the tune to this file' },
  },
  examples: [
    'beamtime tune physics/tunes/lep.yaml --local -o physics/tunes/lep.json',
    'beamtime tune physics/tunes/lep.yaml --url https://project.example',
  ],
  exitCodes: { 4: 'the document is not right (FILE:LINE says where), or the project refused it' },
  async run(input) {
    const [file = ''] = input.positionals;
    const cores = input.text('cores');
    if (cores !== undefined && !input.flag('local')) throw new UsageError('--cores goes with --local');
    const request = await readRequest(file);
    const compute = input.flag('local') ? local(input, request) : await volunteers(input, request);
    const found = await tuned({ ...request, compute });
    const output = input.text('output');
    if (output !== undefined) await write(output, found);
    input.terminal.document(found);
    show(input.terminal, found);
    return 0;
  },
};

/** @throws RefusedError where the request asks for what can not be done */
async function tuned(input: TuneInput): Promise<Tune> {
  try {
    return await runTune(input);
  } catch (error) {
    if (error instanceof TooFewSamples) throw new RefusedError(error.message, { cause: error });
    throw error;
  }
}

function local(input: Input, request: ReadRequest): TuneInput['compute'] {
  const cores = input.text('cores');
  return localCompute(request, {
    cores: cores === undefined ? availableParallelism() : parseWhole('cores', cores, 1, 1024),
    folder: join(dataFolder('project', input.text('data'), input.env), 'tune-samples'),
    stopping: input.stopping,
    onProgress: (done, of) => {
      if (done === of || done % Math.ceil(of / 20) === 0) input.terminal.note(`${done} of ${of} points`);
    },
  });
}

async function volunteers(input: Input, request: ReadRequest): Promise<TuneInput['compute']> {
  const server = await findStaffServer(input);
  const { notices } = await pushDocument({
    file: request.releaseFile,
    url: server.url,
    staffToken: server.token,
  });
  for (const notice of notices) input.terminal.note(notice);
  return volunteersCompute({
    api: server,
    stopping: input.stopping,
    pollMs: 2000,
    onProgress: ({ name, state, unitsValid, units }) =>
      input.terminal.note(
        `campaign ${name}${state === 'paused' ? ' (paused)' : ''}: ${count(unitsValid)} of ${count(units)} work units`,
      ),
  });
}

async function write(output: string, found: Tune): Promise<void> {
  try {
    await writeFileAtomic(output, `${JSON.stringify(found, null, 1)}\n`, 0o644);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(EXIT.failed, `cannot write ${output}: ${why}`, { cause });
  }
}
