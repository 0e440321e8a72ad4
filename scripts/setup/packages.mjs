// System packages: installed on Debian as root; elsewhere one command is printed and we go on with what is there.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run, say } from './run.mjs';

/**
 * What `npm start` uses: the hypervisor, and compilers for the generator (VM and WebAssembly programs).
 * "a|b": whichever this release of Debian has (the runtime's name carries clang's version).
 */
const START = [
  'qemu-system-x86',
  'busybox-static',
  'clang',
  'lld',
  'wasi-libc',
  'libclang-rt-14-dev-wasm32|libclang-rt-19-dev-wasm32',
  'musl-tools',
  'gcc',
  'util-linux',
];
/** What an Electron loads: of use where there is a display, or a test brings one. */
const DESKTOP = [
  'libnss3',
  'libgtk-3-0|libgtk-3-0t64',
  'libasound2|libasound2t64',
  'libgbm1',
  'libxss1',
  'libdrm2',
];
/** What only tests and benches use: a browser, a 9P server to compare with, network namespaces, a display, a bus, readers of events, a database server. */
const TEST = [
  'chromium-headless-shell|chromium',
  'diod',
  'iproute2',
  'cpio',
  'make',
  'procps',
  'xvfb',
  'dbus-daemon|dbus',
  'g++',
  'libhepmc3-dev',
  'libfastjet-dev',
  'libfastjetplugins-dev',
  'postgresql-15|postgresql-17',
];

const ELSEWHERE = {
  darwin: 'brew install qemu llvm lld wasi-libc',
  win32: 'winget install SoftwareFreedomConservancy.QEMU',
  linux:
    "your distribution's packages of: qemu-system-x86, clang, lld, wasi-libc, compiler-rt for wasm32, musl-gcc",
};

/** @param {{ forTests: boolean, forDesktop: boolean }} options */
export async function packages(root, { forTests, forDesktop }) {
  const wanted = [...START, ...(forDesktop ? DESKTOP : []), ...(forTests ? TEST : [])];
  if (!existsSync('/etc/debian_version')) {
    // Only what is of use is asked for: without QEMU the WebAssembly capsule does the work.
    if (!has('qemu-system-x86_64'))
      say(
        `QEMU is not here; WebAssembly will do the work. To add it: ${ELSEWHERE[process.platform] ?? ELSEWHERE.linux}`,
      );
    return;
  }
  const absent = wanted.map((names) => names.split('|')).filter((names) => !names.some(installed));
  if (absent.length === 0) return;
  const missing = absent.map((names) => names.find(available) ?? names[0]);
  if (process.getuid?.() !== 0) {
    say(`going on without some packages; to add them: sudo apt-get install -y ${missing.join(' ')}`);
    return;
  }
  say(`installing Debian packages: ${missing.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = () => {
    // Asked again after the lists were read: on a new machine nothing was known before.
    const names = absent.map((choices) => choices.find(available) ?? choices[0]);
    const options = ['-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=600'];
    return run('installing Debian packages', 'apt-get', ['install', ...options, ...names], {
      cwd: root,
      env,
    });
  };
  try {
    await run('reading the package lists', 'apt-get', ['update', '-qq', '-o', 'DPkg::Lock::Timeout=600'], {
      env,
    });
    await install();
  } catch (first) {
    // A dpkg run that was killed half-way must be finished before anything else can be installed.
    try {
      await run('finishing an interrupted installation', 'dpkg', ['--configure', '-a'], { env });
      await install();
    } catch {
      say(first.message);
      say(`going on without them; to add them later: apt-get install -y ${missing.join(' ')}`);
    }
  }
}

function installed(name) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format language
  const query = spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status}', name], { encoding: 'utf8' });
  return query.status === 0 && query.stdout === 'installed';
}

function available(name) {
  const policy = spawnSync('apt-cache', ['policy', name], { encoding: 'utf8' });
  return /Candidate: (?!\(none\))/.test(policy.stdout);
}

function has(program) {
  const folders = (process.env.PATH ?? '').split(process.platform === 'win32' ? ';' : ':');
  const ending = process.platform === 'win32' ? '.exe' : '';
  return folders.some((folder) => existsSync(join(folder, program + ending)));
}
