// Runs a step's command: quiet while it goes well, a progress line when it takes long, its output when it fails.
import { spawn } from 'node:child_process';

const PROGRESS_EVERY_MS = 5000;
const KEPT_OUTPUT_CHARS = 8000;

/** Everything set-up says goes to stderr: stdout belongs to the verb (its --json line). */
export function say(line) {
  process.stderr.write(`beamtime: ${line}\n`);
}

/** A step that could not be done; `message` says what to do. */
export class SetupError extends Error {}

/**
 * @param {string} what shown to the person, e.g. "installing npm packages"
 * @param {string} command
 * @param {string[]} args
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv}} options
 * @returns {Promise<string>} the command's output
 * @throws {SetupError} with the end of the output when it exits non-zero
 */
export function run(what, command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const started = Date.now();
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let lastLine = '';
    const collect = (chunk) => {
      const text = chunk.toString();
      output = (output + text).slice(-KEPT_OUTPUT_CHARS);
      lastLine = text.trim().split('\n').at(-1)?.slice(0, 90) || lastLine;
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const progress = setInterval(() => {
      say(`${what} ... ${Math.round((Date.now() - started) / 1000)} s${lastLine ? ` (${lastLine})` : ''}`);
    }, PROGRESS_EVERY_MS);
    child.on('error', (cause) => {
      clearInterval(progress);
      reject(new SetupError(`${what}: cannot run ${command}: ${cause.message}`, { cause }));
    });
    child.on('close', (code, signal) => {
      clearInterval(progress);
      if (code === 0) resolve(output);
      else reject(new SetupError(`${what} failed (${signal ?? `exit ${code}`}):\n${output.trim()}`));
    });
  });
}
