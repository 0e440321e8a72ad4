/**
 * `npm start`: a project server and an engine on this machine, each a process of its own, and a demo campaign.
 * With --work-units N it runs that many units to validation and ends; --json then prints one line of figures.
 */
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { engineFiles } from '../engine/filenames.ts';
import { EngineEndpoint } from '../protocol/engine-api.ts';
import { ServerEndpoint } from '../protocol/staff-api.ts';
import { pushDemo } from './demo/campaign.ts';
import { openPage } from './demo/open-page.ts';
import { DemoError, startPart } from './demo/part.ts';
import { runWorkUnits } from './demo/work-units.ts';
import { CliError } from './errors.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const HELP = `npm start [-- OPTIONS]

Runs a project and an engine on this machine with a demo campaign, and shows a page. Ctrl-C ends everything.

  --work-units N     compute N work units until the project has validated them, then end
  --capsule KIND     qemu, wasm or auto (default: what was measured to be faster here)
  --json             with --work-units: the last line of standard output is one JSON object of figures
  --data FOLDER      where everything is kept (default: .beamtime in this clone)
  --no-open          do not open the page in a browser
`;

interface DemoOptions {
  readonly workUnits: number | null;
  readonly capsule: 'auto' | 'qemu' | 'wasm';
  readonly json: boolean;
  readonly data: string;
  readonly open: boolean;
}

/** @throws DemoError where an option is not one, or its value makes no sense */
function readOptions(args: string[]): DemoOptions | 'help' {
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        'work-units': { type: 'string' },
        capsule: { type: 'string', default: 'auto' },
        json: { type: 'boolean', default: false },
        data: { type: 'string', default: join(root, '.beamtime') },
        'no-open': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }));
  } catch (cause) {
    throw new DemoError(`${cause instanceof Error ? cause.message : cause}\n\n${HELP}`, { cause });
  }
  if (values.help) return 'help';
  const units = values['work-units'] === undefined ? null : Number(values['work-units']);
  if (units !== null && !(Number.isInteger(units) && units >= 1 && units <= 10_000))
    throw new DemoError(`--work-units takes a whole number from 1 to 10000, not "${values['work-units']}"`);
  const capsule = values.capsule;
  if (capsule !== 'auto' && capsule !== 'qemu' && capsule !== 'wasm')
    throw new DemoError(`--capsule takes qemu, wasm or auto, not "${capsule}"`);
  return {
    workUnits: units,
    capsule,
    json: values.json === true,
    data: resolve(String(values.data)),
    open: values['no-open'] !== true,
  };
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const stopping = new AbortController();
  for (const event of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const)
    process.on(event, () => stopping.abort());

  const serverData = join(options.data, 'project');
  const engineData = join(options.data, 'engine');
  const parts: { stop(): Promise<void> }[] = [];
  try {
    const server = await startPart({
      name: 'project server',
      args: ['server', '--data', serverData],
      endpoint: join(serverData, 'endpoint.json'),
      parse: (text) => ServerEndpoint.parse(JSON.parse(text)),
      signal: stopping.signal,
    });
    parts.push(server);
    const invitation = await pushDemo({
      root,
      url: server.endpoint.url,
      staffToken: server.endpoint.staffToken,
      unitsNeeded: options.workUnits,
      say,
    });
    const engine = await startPart({
      name: 'engine',
      args: [
        ...['engine', '--data', engineData, '--renderer', join(root, 'build/renderer'), '--join', invitation],
        ...(options.workUnits === null ? [] : ['--insist', '--max-units', String(options.workUnits)]),
        ...(options.capsule === 'auto' ? [] : ['--capsule', options.capsule]),
      ],
      endpoint: engineFiles(engineData).endpoint,
      parse: (text) => EngineEndpoint.parse(JSON.parse(text)),
      signal: stopping.signal,
    });
    parts.push(engine);
    if (options.workUnits !== null) {
      const figures = await runWorkUnits({
        endpoint: engine.endpoint,
        wanted: options.workUnits,
        ended: engine.ended,
        signal: stopping.signal,
        say,
      });
      if (options.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
      return figures.workUnits.length === options.workUnits &&
        figures.workUnits.every((unit) => unit.validated)
        ? 0
        : 1;
    }
    const page = `${engine.endpoint.url}/#token=${engine.endpoint.token}`;
    say(`The project is at ${server.endpoint.url}`);
    say(`This machine's page is at ${page}`);
    say('Ctrl-C ends both.');
    if (options.open) openPage(page);
    await Promise.race([
      new Promise((done) => stopping.signal.addEventListener('abort', done, { once: true })),
      ...[server, engine].map(async (part) => {
        const how = await part.ended;
        if (!stopping.signal.aborted)
          throw new DemoError(`the ${part.name} ended by itself (${how}); its log is in ${options.data}`);
      }),
    ]);
    return 0;
  } finally {
    // The engine first: what it has finished can still be reported.
    for (const part of parts.reverse()) await part.stop();
  }
}

main().then(
  (code) => {
    process.exitCode = code;
    if (process.connected) process.disconnect();
  },
  async (error: unknown) => {
    const isForPeople = error instanceof DemoError || error instanceof CliError;
    const message = isForPeople ? error.message : error instanceof Error ? error.stack : String(error);
    process.stderr.write(`${message}\n`);
    process.exitCode = 1;
    if (process.connected) process.disconnect();
  },
);
