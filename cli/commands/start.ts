import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { engineFiles } from '../../engine/filenames.ts';
import { makeFolder } from '../../platform/files.ts';
import { EngineEndpoint, EngineState } from '../../protocol/engine-api.ts';
import { ask } from '../api.ts';
import type { Command, Input } from '../command.ts';
import { openPage } from '../demo/open-page.ts';
import { findEngineIfRunning, pageOf, readEndpoint } from '../endpoints.ts';
import { CliError, EXIT } from '../errors.ts';
import { dataFolder } from '../folders.ts';
import { ENGINE_OPTIONS } from './engine.ts';

const MAIN = join(dirname(dirname(fileURLToPath(import.meta.url))), 'main.ts');
const READY_WITHIN_MS = 60_000;

export const start: Command = {
  name: 'start',
  summary: 'start the engine on this computer',
  description:
    'The engine goes on in the background after the command has ended and the terminal is closed; "beamtime stop" ends it. Where it runs already, nothing changes.',
  options: {
    ...ENGINE_OPTIONS,
    foreground: { help: 'stay in the foreground until Ctrl-C, as "beamtime engine" does' },
    open: { help: 'open its page in the browser' },
  },
  examples: [
    'beamtime start',
    "beamtime start --join 'https://project.example/#key=0123456789abcdef0123456789abcdef'",
  ],
  async run(input) {
    const { terminal } = input;
    const before = await findEngineIfRunning(input);
    if (!before && input.flag('foreground')) {
      // Loaded here: the background case does not need all of the engine.
      const { runEngine } = await import('./engine.ts');
      return runEngine(input);
    }
    const endpoint = before?.endpoint ?? (await startInBackground(input));
    const page = pageOf(endpoint);
    terminal.document({ started: before === null, url: endpoint.url, page, pid: endpoint.pid });
    terminal.say(before ? 'the engine runs already' : 'the engine has started');
    terminal.say(`its page: ${page}`);
    if (input.flag('open')) openPage(page);
    return 0;
  },
};

async function startInBackground(input: Input): Promise<EngineEndpoint> {
  const folder = dataFolder('engine', input.text('data'), input.env);
  const files = engineFiles(folder);
  const output = join(folder, 'start.log');
  await makeFolder(folder, 0o700).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(
      EXIT.failed,
      `cannot make the data folder ${folder}: ${why}; choose another with --data`,
      { cause },
    );
  });
  const handed = ['port', 'join', 'capsule'].flatMap((name) => {
    const value = input.text(name);
    return value === undefined ? [] : [`--${name}`, value];
  });
  const file = await open(output, 'w', 0o600);
  let gone = false;
  let child: ReturnType<typeof spawn>;
  try {
    child = spawn(process.execPath, [MAIN, 'engine', '--data', folder, ...handed], {
      detached: true,
      stdio: ['ignore', file.fd, file.fd],
      windowsHide: true,
    });
  } finally {
    await file.close();
  }
  child.on('exit', () => {
    gone = true;
  });
  const until = Date.now() + READY_WITHIN_MS;
  while (!gone && Date.now() < until && !input.stopping.aborted) {
    const endpoint = await readEndpoint(files.endpoint, EngineEndpoint);
    if (endpoint && endpoint.pid === child.pid) {
      const api = { who: 'the engine', url: endpoint.url, token: endpoint.token, remedy: `see ${files.log}` };
      await ask(api, { path: '/state', schema: EngineState });
      child.unref();
      return endpoint;
    }
    await delay(30);
  }
  if (!gone) child.kill();
  const said = (await readFile(output, 'utf8')).replace(/^beamtime: /, '').trim();
  throw new CliError(EXIT.failed, said || `the engine did not start; see ${files.log}`);
}
