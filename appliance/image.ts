import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { CpioEntry } from './cpio.ts';

/** In the order they must be loaded; 9P over TCP on virtio-net, nothing else. */
export const MODULES = [
  'virtio_ring',
  'virtio',
  'virtio_pci_legacy_dev',
  'virtio_pci_modern_dev',
  'virtio_pci',
  'failover',
  'net_failover',
  'virtio_net',
  'netfs',
  'fscache',
  '9pnet',
  '9pnet_fd',
  '9p',
] as const;

/** The names busybox answers to in the guest; only what init and agent use, and a shell's everyday tools for scripts. */
const APPLETS =
  'sh mount umount mkdir rm cat echo insmod ip unshare su setpriv sed sync env ls cp mv head tail grep sort wc date sleep true false test expr seq tr cut dirname basename printf dd cmp sha256sum id uname'.split(
    ' ',
  );

const FOLDERS = ['bin', 'dev', 'etc', 'proc', 'tmp', 'cgroup', 'cvmfs', 'job', 'modules'] as const;

/** The unprivileged user a work unit runs as; the host shows the unit's files as this user's. */
const PASSWD = 'root:x:0:0::/:/bin/sh\njob:x:1000:1000::/job:/bin/sh\n';
const GROUP = 'root:x:0:\njob:x:1000:\n';

/**
 * The files of the initramfs.
 * @param unpacked folder with bin/busybox and lib/modules/ of the Debian packages
 */
export async function guestEntries(unpacked: string): Promise<CpioEntry[]> {
  const guest = join(import.meta.dirname, 'guest');
  const text = (path: string, content: string): CpioEntry => ({
    kind: 'file',
    path,
    mode: 0o644,
    data: Buffer.from(content),
  });
  return [
    // The root itself: a file system in memory, which anybody could write otherwise.
    { kind: 'directory', path: '.', mode: 0o755 },
    ...FOLDERS.map((path): CpioEntry => ({ kind: 'directory', path, mode: 0o755 })),
    // Only root may pass: the host's control files are below.
    { kind: 'directory', path: 'host', mode: 0o700 },
    { kind: 'directory', path: 'host/tree', mode: 0o700 },
    device('dev/console', 0o600, 5, 1),
    device('dev/null', 0o666, 1, 3),
    device('dev/zero', 0o666, 1, 5),
    device('dev/full', 0o666, 1, 7),
    device('dev/random', 0o444, 1, 8),
    device('dev/urandom', 0o444, 1, 9),
    { kind: 'symlink', path: 'dev/fd', target: '/proc/self/fd' },
    { kind: 'symlink', path: 'dev/shm', target: '/tmp' },
    // A work unit's software finds itself where it was built to be: its loader, libraries and data. The appliance's own
    // programs are static and below /bin.
    { kind: 'symlink', path: 'usr', target: '/cvmfs/usr' },
    { kind: 'symlink', path: 'lib', target: 'usr/lib' },
    { kind: 'symlink', path: 'lib64', target: 'usr/lib64' },
    text('etc/passwd', PASSWD),
    text('etc/group', GROUP),
    { kind: 'file', path: 'bin/busybox', mode: 0o755, data: await readFile(join(unpacked, 'bin/busybox')) },
    ...APPLETS.map((name): CpioEntry => ({ kind: 'symlink', path: `bin/${name}`, target: 'busybox' })),
    { kind: 'file', path: 'init', mode: 0o755, data: await readFile(join(guest, 'init')) },
    { kind: 'file', path: 'bin/agent', mode: 0o755, data: await readFile(join(guest, 'agent')) },
    text('modules/order', `${MODULES.join('\n')}\n`),
    ...(await moduleFiles(unpacked)),
  ];
}

async function moduleFiles(unpacked: string): Promise<CpioEntry[]> {
  const found = await readdir(join(unpacked, 'lib', 'modules'), { recursive: true });
  return Promise.all(
    MODULES.map(async (name): Promise<CpioEntry> => {
      const path = found.find((candidate) => basename(candidate) === `${name}.ko`);
      if (!path) throw new Error(`the kernel package has no module ${name}`);
      const data = await readFile(join(unpacked, 'lib', 'modules', path));
      return { kind: 'file', path: `modules/${name}.ko`, mode: 0o644, data };
    }),
  );
}

function device(path: string, mode: number, major: number, minor: number): CpioEntry {
  return { kind: 'character', path, mode, device: { major, minor } };
}
