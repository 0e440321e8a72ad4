// `npm ci` in a folder, run by a given Node.
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { run, SetupError } from './run.mjs';

/**
 * @param {string} root the clone: npm's cache goes there where the home cannot be written
 * @param {{ what: string, folder: string, node: string }} options what: for people; node: the executable npm runs on
 */
export async function npmInstall(root, { what, folder, node }) {
  const [command, ...before] = npmCommand(node);
  const env = {
    ...process.env,
    ...cacheSetting(root),
    PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`,
  };
  // Said aloud even under `npm --silent`, which children inherit: an empty failure tells nobody what to do.
  const args = [...before, 'ci', '--no-audit', '--no-fund', '--loglevel=error'];
  try {
    await run(what, command, args, { cwd: folder, env });
  } catch (error) {
    throw new SetupError(`${error.message}\nCheck the network, then run the same command again.`, {
      cause: error,
    });
  }
}

/** The npm that started us, so that its version and settings are the user's; else the one on the path. */
function npmCommand(node) {
  const script = process.env.npm_execpath;
  if (script && /npm-cli\.js$/.test(script) && existsSync(script)) return [node, script];
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
}

/** With a home that cannot be written, npm's cache goes into the clone. */
function cacheSetting(root) {
  if (process.env.npm_config_cache && writable(process.env.npm_config_cache)) return {};
  if (writable(join(homedir(), '.npm')) || (!existsSync(join(homedir(), '.npm')) && writable(homedir())))
    return {};
  const cache = join(root, '.cache', 'npm');
  mkdirSync(cache, { recursive: true });
  return { npm_config_cache: cache };
}

function writable(path) {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
