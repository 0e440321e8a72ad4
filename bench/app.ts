import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { TestProject } from '../engine/testkit/real-project.ts';
import { EngineEndpoint, EngineState } from '../protocol/engine-api.ts';
import { busyState, emptyState } from '../renderer/testkit/states.ts';
import { App, newHome } from '../test/electron/testkit/app.ts';
import { type Desktop, openDesktop } from '../test/electron/testkit/desktop.ts';
import { BUILT, Electron } from './app/electrons.ts';
import { firstPageBytes } from './app/first-page.ts';
import { type Bench, type Measure, quantile } from './measure.ts';

const STARTS = 5;
/** The history's process has gone by then, and Chromium has calmed down. */
const SETTLE_MS = 35_000;
/** Until what only the beginning costs is over: the compilers of what is drawn are busy for most of a minute. */
const WARM_MS = 60_000;
const WATCH_MS = 30_000;
const FRAMES_MS = 10_000;
const PAGES = fileURLToPath(new URL('../build/renderer', import.meta.url));

/** The desktop app beside an empty Electron application, on a display without a graphics card. */
export const bench: Bench = {
  name: 'app',
  async run(say) {
    const desktop = await openDesktop();
    const panel = await desktop.panel();
    try {
      return [
        ...(await starts(desktop, say)),
        ...(await memory(desktop, say)),
        ...(await computing(desktop, say)),
        figure('rendererGzipKb', (await firstPage()) / 1000, 'kB', '<= 250'),
      ];
    } finally {
      panel.end();
      await desktop.close();
    }
  },
};

/** The larger of the two that an app may begin with: home, or the first run. */
async function firstPage(): Promise<number> {
  const sizes = [await firstPageBytes(PAGES, busyState()), await firstPageBytes(PAGES, emptyState())];
  return Math.max(...sizes);
}

async function starts(desktop: Desktop, say: (line: string) => void): Promise<Measure[]> {
  const [tray, painted]: number[][] = [[], []];
  for (let i = 0; i < STARTS; i++) {
    const app = await Electron.start(desktop, BUILT);
    tray?.push(await app.said('tray shown'));
    painted?.push(await app.said('state painted'));
    await app.end();
  }
  say(`${STARTS} starts: tray ${tray?.join(', ')} ms; painted ${painted?.join(', ')} ms`);
  return [
    figure('trayMs', quantile(tray ?? [], 0.5), 'ms', null),
    figure('paintedMs', quantile(painted ?? [], 0.5), 'ms', null),
  ];
}

async function memory(desktop: Desktop, say: (line: string) => void): Promise<Measure[]> {
  const cost = async (folder: string | null, ...args: string[]) => {
    const app = await Electron.start(desktop, folder, ...args);
    await delay(SETTLE_MS);
    const megabytes = app.megabytes();
    await app.end();
    return megabytes;
  };
  say('memory: four times half a minute');
  const [bareClosed, closed] = [await cost(null, '--closed'), await cost(BUILT, '--hidden')];
  const [bareOpen, open] = [await cost(null), await cost(BUILT)];
  const beside = (bare: number) => `an empty Electron application: ${bare.toFixed(0)} MB`;
  return [
    {
      ...figure('closedOverBareElectronMb', closed - bareClosed, 'MB', '<= 40'),
      comparedWith: beside(bareClosed),
    },
    { ...figure('openOverBareElectronMb', open - bareOpen, 'MB', null), comparedWith: beside(bareOpen) },
  ];
}

/** With the window open and work being done. */
async function computing(desktop: Desktop, say: (line: string) => void): Promise<Measure[]> {
  // As of the demo campaign: work units of about 20 s, live events among them.
  const project = await TestProject.start({
    ...{ units: 40, eventsPerUnit: 200_000, blockEvents: 4_000 },
    parameters: { stages: ['corrections', 'isr', 'shower', 'hadronisation', 'decays'], hepmcEvents: 20 },
  });
  try {
    const app = await Electron.start(desktop, BUILT, '--insist');
    const endpoint = join(app.home, 'engine', 'endpoint.json');
    await app.said('state painted');
    await joined(endpoint, project.server.invitation);
    // From now on it begins with the home page, where all that is live is shown.
    await app.again();
    await app.said('state painted');
    await joined(endpoint, project.server.invitation);
    say('computing: watching the shell for half a minute');
    await delay(WARM_MS);
    const shell = await app.cpuPercent(
      WATCH_MS,
      'wasm-capsule.mjs',
      'qemu-system',
      'engine.mjs',
      'history.mjs',
    );
    await app.end();
    return [
      figure('shellCpuPercent', shell, '% of a core', '<= 1'),
      figure('longestFrameMs', await longestFrame(desktop, project), 'ms', null),
    ];
  } finally {
    await project.remove();
  }
}

async function longestFrame(desktop: Desktop, project: TestProject): Promise<number> {
  const home = await newHome();
  const app = await App.start({ desktop, home: home.path, args: ['--insist'] });
  try {
    const page = await app.window();
    await joined(join(app.dataFolder, 'engine', 'endpoint.json'), project.server.invitation);
    return await page.evaluate(
      (ms) =>
        new Promise<number>((resolve) => {
          const end = performance.now() + ms;
          let [before, longest] = [performance.now(), 0];
          const frame = (now: number) => {
            longest = Math.max(longest, now - before);
            before = now;
            if (now < end) requestAnimationFrame(frame);
            else resolve(longest);
          };
          requestAnimationFrame(frame);
        }),
      FRAMES_MS,
    );
  } finally {
    await app.end();
    await home.remove();
  }
}

/** Joins the project and waits until something is computed and shown. */
async function joined(endpointFile: string, invitation: string): Promise<void> {
  let endpoint: EngineEndpoint | null = null;
  for (const until = Date.now() + 30_000; !endpoint && Date.now() < until; await delay(100))
    endpoint = await readFile(endpointFile, 'utf8').then(
      (text) => EngineEndpoint.parse(JSON.parse(text)),
      () => null,
    );
  if (!endpoint) throw new Error('the engine did not start');
  const { url, token } = endpoint;
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${url}/api/v1${path}`, { ...init, headers: { authorization: `Bearer ${token}` } });
  await ask('/join', { method: 'POST', body: JSON.stringify({ invitation }) });
  for (const until = Date.now() + 60_000; Date.now() < until; await delay(200)) {
    const state = EngineState.parse(await (await ask('/state')).json());
    // Until there is all that the home page draws: what is drawn for the first time costs more.
    const isDrawn = (state.filled?.events ?? 0) > 0 && state.lastEvent !== null;
    if (state.status.state === 'computing' && isDrawn) return;
  }
  throw new Error('nothing is computed');
}

function figure(name: string, value: number, unit: string, goal: string | null): Measure {
  return { name, value, unit, goal, comparedWith: null };
}
