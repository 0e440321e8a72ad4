import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type EngineOptions, startEngine } from '../../engine/engine.ts';
import { EngineStartError } from '../../engine/errors.ts';
import { engineFiles } from '../../engine/filenames.ts';
import { makeLogger } from '../../platform/log.ts';
import { rotateLog } from '../../platform/log-file.ts';
import type { Command, Input } from '../command.ts';
import { CliError, EXIT, UsageError } from '../errors.ts';
import { dataFolder, dataOption } from '../folders.ts';
import { parseWhole } from '../words.ts';

const BUILT_PAGE = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'build', 'renderer');

/** What "beamtime start" hands through as well. */
export const ENGINE_OPTIONS = {
  ...dataOption('engine'),
  port: { value: 'N', help: 'port of the page and the local API on 127.0.0.1 (default: any free one)' },
  join: { value: 'URL', help: 'a project to join, if this computer is not yet its member' },
  capsule: { value: 'KIND', help: 'run work in qemu or wasm this time (default: what preferences say)' },
} as const;

export const engine: Command = {
  name: 'engine',
  summary: 'run the engine in the foreground',
  description:
    'What "beamtime start" runs in the background. For service managers and for looking at what goes wrong; Ctrl-C ends it.',
  options: {
    ...ENGINE_OPTIONS,
    'max-units': { value: 'N', help: 'take N work units and no more (default: any number)' },
    insist: { help: 'compute on at least one core, whatever others do with the machine' },
    renderer: { value: 'FOLDER', help: 'the built page (default: the one that came with Beamtime)' },
  },
  run: runEngine,
};

/** Runs the engine in this process until it is stopped. */
export async function runEngine(input: Input): Promise<number> {
  const { terminal } = input;
  const folder = dataFolder('engine', input.text('data'), input.env);
  const options = readOptions(input);
  const logFile = engineFiles(folder).log;
  await rotateLog(logFile);
  const running = await startEngine({
    dataFolder: folder,
    log: makeLogger('engine', logFile),
    ...options,
  }).catch((error: unknown) => {
    throw error instanceof EngineStartError
      ? new CliError(EXIT.failed, error.message, { cause: error })
      : error;
  });
  const page = `${running.url}/#token=${running.token}`;
  terminal.document({ url: running.url, page, dataFolder: folder, pid: process.pid });
  terminal.say(`The engine runs. Its page: ${page}`);
  terminal.say(`Log: ${logFile}. Ctrl-C ends it.`);
  const stop = () => void running.close();
  if (input.stopping.aborted) stop();
  else input.stopping.addEventListener('abort', stop, { once: true });
  await running.ended;
  return 0;
}

function readOptions(input: Input): Omit<EngineOptions, 'dataFolder' | 'log'> {
  const port = input.text('port');
  const maxUnits = input.text('max-units');
  const capsule = input.text('capsule') ?? null;
  if (capsule !== null && capsule !== 'qemu' && capsule !== 'wasm')
    throw new UsageError(`--capsule takes qemu or wasm, not "${capsule}"`);
  const renderer = input.text('renderer');
  return {
    port: port === undefined ? 0 : parseWhole('port', port, 0, 65_535),
    rendererFolder: renderer !== undefined ? resolve(renderer) : existsSync(BUILT_PAGE) ? BUILT_PAGE : null,
    maxUnits: maxUnits === undefined ? null : parseWhole('max-units', maxUnits, 1, 1_000_000),
    capsule,
    insist: input.flag('insist'),
    invitation: input.text('join') ?? null,
  };
}
