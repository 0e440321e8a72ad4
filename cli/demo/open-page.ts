import { spawn } from 'node:child_process';

/** Opens a page in the person's browser where there is a display; says nothing where there is none. */
export function openPage(url: string): void {
  const command =
    process.platform === 'darwin'
      ? ['open', url]
      : process.platform === 'win32'
        ? ['explorer', url]
        : process.env.DISPLAY || process.env.WAYLAND_DISPLAY
          ? ['xdg-open', url]
          : null;
  const [program, ...args] = command ?? [];
  if (!program) return;
  const child = spawn(program, args, { stdio: 'ignore', detached: true });
  // No browser opener here: the address has been printed, which is all there is to do.
  child.on('error', () => {});
  child.unref();
}
