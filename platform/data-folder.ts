import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export type Part = 'engine' | 'project';

/**
 * Where a part keeps its data: --data, else below BEAMTIME_DATA, else below the platform's place for such data
 * (XDG Base Directory Specification; Apple's and Microsoft's guidelines).
 * @param data the value of --data
 */
export function dataFolder(
  part: Part,
  data: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  if (data !== undefined) return resolve(data);
  return join(env.BEAMTIME_DATA ? resolve(env.BEAMTIME_DATA) : platformFolder(env, platform, home), part);
}

function platformFolder(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
  home: string,
): string {
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'Beamtime');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Beamtime');
  // The specification says to ignore a relative path.
  const xdg = env.XDG_DATA_HOME;
  return join(xdg?.startsWith('/') ? xdg : join(home, '.local', 'share'), 'beamtime');
}
