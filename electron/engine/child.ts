/**
 * The engine's own process under the desktop shell: started as plain Node (why: docs/decisions), told its data folder
 * on the command line. It says on the channel how it fares, and ends when the channel does: a shell that is killed
 * leaves no engine behind, and nothing computed is lost.
 */
import '../older-node.ts';
import { startEngine } from '../../engine/engine.ts';
import { EngineStartError } from '../../engine/errors.ts';
import { engineFiles } from '../../engine/filenames.ts';
import { makeLogger } from '../../platform/log.ts';
import { rotateLog } from '../../platform/log-file.ts';
import { type FromEngine, INSIST } from './messages.ts';

const [dataFolder = '', ...options] = process.argv.slice(2);
const say = (message: FromEngine) => process.send?.(message);

let close: (() => Promise<void>) | null = null;
let isOver = false;
const end = () => {
  isOver = true;
  void close?.();
};
for (const event of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const) process.on(event, end);

try {
  const { log } = engineFiles(dataFolder);
  await rotateLog(log);
  const engine = await startEngine({
    dataFolder,
    port: 0,
    // The window has the pages from the shell.
    rendererFolder: null,
    log: makeLogger('engine', log),
    insist: options.includes(INSIST),
  });
  close = () => engine.close();
  if (isOver) void close();
  say({ ready: { url: engine.url, token: engine.token } });
  await engine.ended;
} catch (error) {
  // Anything but an EngineStartError is a fault of ours: its stack is for the log of the shell.
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof EngineStartError)) console.error(error);
  say({ failed: message });
  process.exitCode = 1;
}
if (process.connected) process.disconnect();
