/**
 * A desktop entry that starts the app with the session (freedesktop.org: Desktop Application Autostart). Pure.
 * @param command program and arguments
 */
export function autostartEntry(command: readonly string[]): string {
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Beamtime',
    'Comment=Donates idle processor cores to particle physics',
    `Exec=${command.map(quoted).join(' ')}`,
    'Icon=beamtime',
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
}

/** As the Desktop Entry Specification quotes arguments ("The Exec key"); "%" would begin a field code. */
function quoted(argument: string): string {
  const escaped = argument
    .replaceAll(/["`$\\]/g, '\\$&')
    .replaceAll('\\', '\\\\')
    .replaceAll('%', '%%');
  return /^[A-Za-z0-9_./=:@+-]+$/.test(argument) ? argument : `"${escaped}"`;
}
