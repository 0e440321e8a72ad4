import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { onTestFinished } from 'vitest';
import { compileForTest } from '../../wasi/testkit/compile.ts';
import { bootGuest, type Guest, type GuestOptions } from './guest.ts';

/**
 * Boots a guest that has a folder /mnt and a program of a test as a command, for as long as the test runs.
 * @param source path of its C file, whose name is the command's
 */
export async function guestWithProgram(servers: GuestOptions['servers'], source: string): Promise<Guest> {
  const guest = await bootGuest({
    servers,
    files: [
      { kind: 'directory', path: 'mnt', mode: 0o755 },
      {
        kind: 'file',
        path: `bin/${basename(source, '.c')}`,
        mode: 0o755,
        data: await readFile(await compileForTest(source, 'x86_64-linux')),
      },
    ],
  });
  onTestFinished(() => guest.close());
  return guest;
}
