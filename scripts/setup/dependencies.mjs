// npm packages from the lock file. A stamp, written last, says which lock file is installed: an interrupted
// installation has no stamp and is done again from the start.
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run, SetupError, say } from './run.mjs';

export async function dependencies(root) {
  const stamp = join(root, 'node_modules', '.beamtime-installed');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(`${process.platform} ${process.arch}`)
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('installing npm packages');
  rmSync(stamp, { force: true });
  const [command, ...before] = npmCommand();
  try {
    // Said aloud even under `npm --silent`, which children inherit: an empty failure tells nobody what to do.
    await run(
      'installing npm packages',
      command,
      [...before, 'ci', '--no-audit', '--no-fund', '--loglevel=error'],
      {
        cwd: root,
        env: { ...process.env, ...cacheSetting(root) },
      },
    );
  } catch (error) {
    throw new SetupError(`${error.message}\nCheck the network, then run the same command again.`, {
      cause: error,
    });
  }
  writeFileSync(stamp, wanted);
}

/** The npm that started us, so that its version and settings are the user's; else the one on the path. */
function npmCommand() {
  const script = process.env.npm_execpath;
  if (script && /npm-cli\.js$/.test(script) && existsSync(script)) return [process.execPath, script];
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
