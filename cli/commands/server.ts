import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { writeFileAtomic } from '../../platform/files.ts';
import { makeLogger } from '../../platform/log.ts';
import { rotateLog } from '../../platform/log-file.ts';
import { proxyTest } from '../../server/config.ts';
import { ServerStartError } from '../../server/errors.ts';
import { serverFiles } from '../../server/files.ts';
import { type RunningServer, type ServerOptions, startServer } from '../../server/server.ts';
import type { Command, Input } from '../command.ts';
import { CliError, EXIT } from '../errors.ts';
import { dataOption } from '../folders.ts';
import {
  bucketOf,
  databaseOf,
  instituteOf,
  type Settings,
  STANDARD_ERROR,
  serverSettings,
  showSettings,
} from '../server/settings.ts';

/** The project's page, where it is built: by `npm start` and all that runs tests, or `node renderer/build.ts`. */
const BUILT_PAGE = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'build', 'console');

export const server: Command = {
  name: 'server',
  summary: 'run a project server in the foreground (project staff)',
  description:
    'Everything is kept in one folder: database, programs, results and the project’s key. Keep a copy of project.key: who loses ' +
    'it must invite all volunteers anew. Ctrl-C ends it; nothing that was acknowledged is lost, even by a power cut. ' +
    'Settings are read from a file (--config), from variables BEAMTIME_SERVER_... over it, and from options over both: docs/operations.md.',
  options: {
    ...dataOption('project'),
    host: {
      value: 'ADDRESS',
      help: 'address to listen on (default 127.0.0.1: this computer only; 0.0.0.0: all)',
    },
    port: { value: 'N', help: 'port (default: the one this project had last, else any free one)' },
    name: { value: 'NAME', help: 'the project’s name, as volunteers see it (default: Beamtime project)' },
    'public-url': {
      value: 'URL',
      help: 'its address for volunteers where that is another: of the reverse proxy in front',
    },
    database: {
      value: 'URL',
      help: 'keep the store in this PostgreSQL database (postgres://USER@HOST/NAME), not in the folder; several servers may',
    },
    objects: {
      value: 'URL',
      help: 'keep programs and large outputs in this bucket (https://HOST/BUCKET/PREFIX), not in the folder',
    },
    config: { value: 'FILE', help: 'read settings from this file (YAML)' },
    'print-config': { help: 'print all settings and where each was said, and start nothing' },
  },
  examples: [
    'beamtime server --name "LEP at home" --host 0.0.0.0 --port 8080',
    'beamtime server --config /etc/beamtime/server.yaml --print-config',
  ],
  async run(input) {
    const { terminal } = input;
    const settings = await serverSettings(input);
    if (input.flag('print-config')) {
      terminal.document({ settings: settings.values, from: settings.from });
      if (!terminal.json) terminal.raw(showSettings(settings));
      return EXIT.done;
    }
    const { data: folder, port, logFile } = settings.values;
    const options = await optionsOf(settings, input.env);
    const running = port === undefined ? await startWhereItWas(options, terminal.note) : await begin(options);
    try {
      await writeFileAtomic(
        portFile(folder),
        `${JSON.stringify({ port: Number(new URL(running.url).port) })}\n`,
      );
      terminal.document({
        url: running.url,
        invitation: running.invitation,
        dataFolder: folder,
        pid: process.pid,
      });
      terminal.say(`Project server at ${running.url}`);
      terminal.say(`Invitation: ${running.invitation}`);
      terminal.say(
        `Publish with "beamtime push --data ${folder} FILE". Log: ${logFile === STANDARD_ERROR ? 'standard error' : logFile}. Ctrl-C ends it.`,
      );
      const { masterKey } = serverFiles(folder);
      if (existsSync(masterKey)) {
        terminal.say(
          `The software's master key lies in ${masterKey}: a real project takes it away (docs/software.md).`,
        );
      }
      await stopped(input.stopping);
    } finally {
      await running.close();
    }
    return 0;
  },
};

async function optionsOf(settings: Settings, env: Input['env']): Promise<ServerOptions> {
  const { values } = settings;
  const database = await databaseOf(settings);
  const objects = await bucketOf(settings, env);
  const institute = await instituteOf(settings, env);
  const { data, host, port = 0, name, publicUrl, trustedProxies, logFile, logLevel } = values;
  if (logFile !== STANDARD_ERROR) await rotateLog(logFile);
  return {
    dataFolder: data,
    host,
    port,
    name,
    ...(publicUrl === undefined ? {} : { publicUrl }),
    ...(database === undefined ? {} : { database }),
    ...(objects === undefined ? {} : { objects }),
    ...(institute === undefined ? {} : { institute }),
    isProxy: proxyTest(trustedProxies),
    pageFolder: existsSync(BUILT_PAGE) ? BUILT_PAGE : null,
    log: makeLogger('server', logFile === STANDARD_ERROR ? 2 : logFile, logLevel),
  };
}

/** Hosts look for the project where it was: so a server keeps its port as long as nobody else has taken it. */
async function startWhereItWas(options: ServerOptions, note: (line: string) => void): Promise<RunningServer> {
  const last = await lastPort(options.dataFolder);
  if (last === 0) return begin(options);
  try {
    return await startServer({ ...options, port: last });
  } catch (error) {
    const cause = error instanceof ServerStartError ? error.cause : null;
    const taken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
    if (!taken) throw startError(error);
    note(`port ${last}, where this project was, is taken: hosts must join again at the new address`);
    return begin(options);
  }
}

async function begin(options: ServerOptions): Promise<RunningServer> {
  try {
    return await startServer(options);
  } catch (error) {
    throw startError(error);
  }
}

function startError(error: unknown): unknown {
  return error instanceof ServerStartError
    ? new CliError(EXIT.failed, error.message, { cause: error })
    : error;
}

/** @returns 0 where there was none, or the note of it is damaged: it is a convenience only */
async function lastPort(folder: string): Promise<number> {
  const text = await readFile(portFile(folder), 'utf8').catch(() => '');
  try {
    return z.object({ port: z.number().int().min(0).max(65_535) }).parse(JSON.parse(text)).port;
  } catch {
    return 0;
  }
}

function portFile(folder: string): string {
  return join(serverFiles(folder).dataFolder, 'port.json');
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
