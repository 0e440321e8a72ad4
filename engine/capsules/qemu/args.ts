/** QEMU's command line from what is wanted; nothing here touches the machine. */

export type Accelerator = 'kvm' | 'hvf' | 'whpx' | 'tcg';

/** Descriptors the process inherits: connected stream sockets to the engine. */
export const FD = {
  qmp: 3,
  /** 9P: software, and work unit with control files (two connections, since they are cached differently). */
  software: 4,
  tree: 5,
  /** The guest kernel's messages. */
  console: 6,
  /** Device state, into a restored machine. */
  state: 7,
  /** First of those that stand for files the engine has opened. */
  files: 8,
} as const;

export interface QemuConfig {
  /** Shown in process lists; by it a left-over process is known as ours. */
  readonly name: string;
  readonly accelerator: Accelerator;
  readonly memoryMb: number;
  /** The guest's memory, a file of memoryMb. The template writes it; restored machines keep their changes to themselves. */
  readonly memoryPath: string;
  /** Boot, or go on from the state that comes on FD.state. */
  readonly start: { readonly kernelPath: string; readonly initrdPath: string } | 'incoming';
  /** Only a test of the test may open the network. */
  readonly restrictNetwork?: boolean;
}

/** What differs between QEMU versions and builds. */
export interface QemuFeatures {
  readonly version: readonly [major: number, minor: number];
  /** Built with seccomp (Linux). */
  readonly sandbox: boolean;
}

/**
 * The same everywhere, so that a program that asks the processor what it can do (libm does) computes the same bits on
 * every host. x86-64-v2, which current distributions need, and rdtscp, which QEMU's model leaves out though the real
 * Nehalem has it (Debian's GROMACS will not run without); `enforce`: a host that cannot offer all of it does not get to.
 */
const CPU = 'Nehalem,+rdtscp,enforce';

/** The guest has this one address; the port decides which tree. */
export const SOFTWARE_PORT = 5640;
export const TREE_PORT = 5641;
const HOST_ADDRESS = '10.0.2.100';

/** Translated code; QEMU's default of a gigabyte buys nothing for programs of a few megabytes. */
const TRANSLATION_MB = 64;

/**
 * quiet: the serial port costs time. panic, oops: a broken kernel ends the machine. nowatchdog and the RCU stall
 * warning: a machine that was held for hours looks stalled to them. nokaslr, mitigations=off: one user, one program.
 */
const KERNEL_COMMAND_LINE = [
  'console=ttyS0 quiet panic=-1 oops=panic unknown_nmi_panic=1 nowatchdog nokaslr mitigations=off',
  'rcupdate.rcu_cpu_stall_suppress=1 ipv6.disable=1 audit=0 apparmor=0 cgroup_no_v1=all',
].join(' ');

export function buildQemuArgs(config: QemuConfig, features: QemuFeatures): string[] {
  return [
    ...['-name', config.name],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...machine(config),
    ...memory(config, features),
    ...network(config),
    ...channels(),
    ...(config.start === 'incoming' ? incoming() : boot(config.start)),
    ...(features.sandbox ? sandbox(config) : []),
  ];
}

/**
 * `pc`, not microvm: on a busy host without KVM the guest's timer calibration fails there (no HPET, no ACPI timer) and it
 * never boots; and neither boots in a time that matters, since it boots once. The clock starts at a fixed date and stands
 * still while the machine does.
 */
function machine(config: QemuConfig): string[] {
  const acceleration = config.accelerator === 'tcg' ? `tcg,tb-size=${TRANSLATION_MB}` : config.accelerator;
  return [
    ...['-machine', 'pc,usb=off,vmport=off,smbus=off,dump-guest-core=off,memory-backend=ram'],
    ...['-accel', acceleration],
    ...['-cpu', CPU, '-smp', '1'],
    ...['-rtc', 'base=2026-01-01T00:00:00,clock=vm'],
  ];
}

/** A private mapping of a file opened read-only (QEMU 8.2: rom=off) keeps a broken-out guest from the other slots' memory. */
function memory(config: QemuConfig, features: QemuFeatures): string[] {
  const isTemplate = config.start !== 'incoming';
  const [major, minor] = features.version;
  const canMapReadOnly = major > 8 || (major === 8 && minor >= 2);
  const sharing = isTemplate ? 'share=on' : `share=off${canMapReadOnly ? ',readonly=on,rom=off' : ''}`;
  return [
    ...['-m', `${config.memoryMb}M`],
    ...[
      '-object',
      `memory-backend-file,id=ram,size=${config.memoryMb}M,mem-path=${escaped(config.memoryPath)},${sharing}`,
    ],
  ];
}

function network(config: QemuConfig): string[] {
  const forward = (port: number, channel: string) =>
    `guestfwd=tcp:${HOST_ADDRESS}:${port}-chardev:${channel}`;
  return [
    '-netdev',
    [
      'user,id=net',
      `restrict=${config.restrictNetwork === false ? 'off' : 'on'}`,
      'ipv6=off',
      forward(SOFTWARE_PORT, 'software'),
      forward(TREE_PORT, 'tree'),
    ].join(','),
    ...['-device', 'virtio-net-pci,netdev=net,romfile='],
  ];
}

function channels(): string[] {
  const socket = (id: string, fd: number) => ['-chardev', `socket,id=${id},fd=${fd}`];
  return [
    ...socket('qmp', FD.qmp),
    ...['-mon', 'chardev=qmp,mode=control'],
    ...socket('software', FD.software),
    ...socket('tree', FD.tree),
    ...socket('console', FD.console),
    ...['-serial', 'chardev:console'],
  ];
}

function boot(start: { readonly kernelPath: string; readonly initrdPath: string }): string[] {
  return ['-kernel', start.kernelPath, '-initrd', start.initrdPath, '-append', KERNEL_COMMAND_LINE];
}

/** Deferred: that memory is not part of the state must be said by QMP before it is read. */
function incoming(): string[] {
  return ['-incoming', 'defer'];
}

/** Where the state comes from, as `migrate-incoming` wants it. */
export const STATE_SOURCE = `fd:${FD.state}`;
/**
 * Where it goes, as `migrate` wants it: to QEMU's stderr. `migrate fd:` knows only descriptors given over QMP with SCM_RIGHTS,
 * which Node cannot send; a path must be one that QEMU's user reaches; and of what a command inherits stderr alone stays open.
 */
export const STATE_TARGET = 'exec:cat >&2';
/** First bytes of a saved state (QEMU_VM_FILE_MAGIC). */
export const STATE_MAGIC = Buffer.from('QEVM', 'latin1');

/** The template starts one process to save itself (STATE_TARGET); no work unit ever runs in it. */
function sandbox(config: QemuConfig): string[] {
  const spawn = config.start === 'incoming' ? 'deny' : 'allow';
  return ['-sandbox', `on,obsolete=deny,elevateprivileges=deny,spawn=${spawn},resourcecontrol=deny`];
}

/** QEMU's option syntax: a comma in a value is doubled. */
function escaped(value: string): string {
  return value.replaceAll(',', ',,');
}
