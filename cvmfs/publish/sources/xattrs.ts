import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Xattrs } from '../../format/xattrs.ts';
import { SourceFault } from '../errors.ts';

/**
 * The extended attributes of all that is below a folder, by path. Node has no such calls; getfattr(1) reads a tree in one go.
 * @throws SourceFault
 */
export async function readXattrs(folder: string): Promise<Map<string, Xattrs>> {
  const found = new Map<string, Map<string, Uint8Array>>();
  const child = spawn(
    'getfattr',
    [
      '-R',
      '-P',
      '-h',
      '-d',
      '-m',
      '-',
      '-e',
      'hex',
      '--absolute-names',
      '--',
      Buffer.from(folder, 'latin1').toString(),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C' } },
  );
  let complaints = '';
  child.stderr.on('data', (text: Buffer) => {
    complaints = `${complaints}${text.toString('latin1')}`.slice(-2000);
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  // Looked at below.
  ended.catch(() => {});
  let of: Map<string, Uint8Array> | null = null;
  for await (const line of createInterface({ input: child.stdout.setEncoding('latin1') })) {
    if (line.startsWith('# file: ')) {
      of = new Map();
      found.set(unescaped(line.slice('# file: '.length)), of);
      continue;
    }
    const at = line.indexOf('=');
    if (at > 0 && of) of.set(unescaped(line.slice(0, at)), Buffer.from(line.slice(at + 3), 'hex'));
    // A name without "=" has no value.
    else if (line !== '' && of) of.set(unescaped(line), new Uint8Array(0));
  }
  const code = await ended.catch((cause: NodeJS.ErrnoException) => {
    const missing = cause.code === 'ENOENT';
    throw new SourceFault(
      missing
        ? 'extended attributes are read by "getfattr", which is not installed; on Debian it is in the package "attr"'
        : `getfattr cannot be run: ${cause.message}`,
      { cause },
    );
  });
  if (code !== 0) throw new SourceFault(`extended attributes cannot be read: ${complaints.trim()}`);
  return found;
}

/** getfattr writes special bytes as "\ooo". */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_all, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
