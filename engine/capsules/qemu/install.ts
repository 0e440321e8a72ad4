import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { QemuFeatures } from './args.ts';

const run = promisify(execFile);

export interface QemuInstallation extends QemuFeatures {
  readonly command: string;
  /** First line of `--version`; part of what names a snapshot. */
  readonly versionText: string;
}

/** On PATH first; then where installers put it without telling PATH. */
const COMMANDS = [
  'qemu-system-x86_64',
  '/opt/homebrew/bin/qemu-system-x86_64',
  '/usr/local/bin/qemu-system-x86_64',
];

/** @returns null where there is no QEMU that starts */
export async function findQemu(): Promise<QemuInstallation | null> {
  for (const command of COMMANDS) {
    try {
      const [{ stdout: version }, { stdout: help }] = await Promise.all([
        run(command, ['--version'], { timeout: 10_000 }),
        run(command, ['-help'], { timeout: 10_000, maxBuffer: 4e6 }),
      ]);
      return parseInstallation(command, version, help);
    } catch {
      // Not there, or does not run: the next one.
    }
  }
  return null;
}

/** @param help the text of -help, which lists -sandbox only where seccomp is built in */
export function parseInstallation(command: string, version: string, help: string): QemuInstallation {
  const versionText = version.split('\n')[0]?.trim() ?? '';
  const [, major, minor] = /version (\d+)\.(\d+)/.exec(versionText) ?? [];
  return {
    command,
    versionText,
    version: [Number(major ?? 0), Number(minor ?? 0)],
    sandbox: process.platform === 'linux' && help.includes('-sandbox on'),
  };
}

/** How to get QEMU here, for a person. */
export function howToInstall(platform: NodeJS.Platform): string {
  const command = installCommand(platform);
  if (platform === 'darwin') return `Install it with: ${command}`;
  return `Install it with your package manager, for example: ${command}`;
}

export function installCommand(platform: NodeJS.Platform): string {
  return platform === 'darwin' ? 'brew install qemu' : 'sudo apt install qemu-system-x86';
}
