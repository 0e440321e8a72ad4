import type { DoctorAdvice, DoctorFinding } from '../../protocol/engine-api.ts';

export type Values = Readonly<Record<string, string | number>>;
export interface Said<Code extends string> {
  readonly code: Code;
  readonly values: Values;
}

/** The English of what checks find; the window has its own words for each (renderer/app/locales). */
const FINDINGS: Readonly<Record<DoctorFinding, string>> = {
  'folder-writable': '{folder} can be written',
  'folder-not-writable': '{folder} cannot be written: {error}',
  'kept-none': 'none were found',
  'kept-preferences': 'your preferences could not be read; the file is kept as {file}',
  'kept-projects': 'the list of your projects could not be read; the file is kept as {file}',
  'kept-facts': 'what was measured of this computer could not be read; the file is kept as {file}',
  'kept-history': 'the history of your contribution could not be read; the file is kept as {file}',
  'disk-enough': '{freeMb} MB are free; Beamtime uses at most {limitMb} MB',
  'disk-under-limit': '{freeMb} MB are free, less than the {limitMb} MB Beamtime may use',
  'disk-short': '{freeMb} MB are free; work needs {neededMb} MB',
  memory: '{availableMb} of {totalMb} MB are available, {keptMb} MB are kept for you',
  'project-none': 'no project is joined',
  'project-answers': '{name} answers at {url}',
  'project-silent': '{name} at {url} does not answer: {error}',
  'project-other-key': '{url} shows the key {shown}, not {known} as when it was joined',
  'clock-alone': 'nothing to compare with before a project is joined',
  'clock-unanswered': 'not compared: no project answers',
  'clock-right': "within {seconds} s of the project's",
  'clock-ahead': "this computer's clock is {seconds} s ahead of the project's",
  'clock-behind': "this computer's clock is {seconds} s behind the project's",
  'wasm-runs': 'programs run',
  'wasm-wrong': 'a small program gave a wrong answer',
  'qemu-found': '{version}',
  'qemu-missing':
    'QEMU is not here, so work runs in WebAssembly; programs that need a virtual machine go to other computers',
  'appliance-none': 'not fetched yet; it comes from the project when a virtual machine is first needed',
  'appliance-verified': 'image {image}, verified',
  'appliance-damaged': 'a part of that of {name} is damaged on this disk',
  'accelerator-unknown': 'not measured yet; the first virtual machine tells',
  'accelerator-boots': '{accelerator} boots the machine',
  'accelerator-none': 'virtual machines are interpreted, about ten times slower',
  'accelerator-refused': '{accelerator}: {error}',
  'accelerator-denied': '{device} is there but may not be used by you',
  'calibration-none': 'not measured yet; the first work units tell',
  'calibration-known': '{application} {version}',
  'calibration-failed': 'no figure for {application} in {kind}: {error}',
  'priority-system': 'work runs at the lowest priority the system has',
  'priority-idle': 'work runs in the idle class: only when nothing else wants the core',
  'priority-nice': 'the idle class cannot be used, so work runs at nice 19',
  'check-failed': 'this check itself failed: {error}',
};

const ADVICE: Readonly<Record<DoctorAdvice, string>> = {
  'make-writable': 'Make it writable for you, or choose another folder with --data or BEAMTIME_DATA.',
  'kept-preferences': 'The gentle defaults hold; set what you want again.',
  'kept-projects': 'Join them again; your credit there is kept.',
  'kept-facts': 'Nothing to do: it is measured again.',
  'kept-history': 'A new one has begun; the projects still have your credit.',
  'lower-disk-limit': 'Lower the disk limit in preferences, or free some space.',
  'free-space':
    'Free some space on this disk, or choose another with --data; programs that no unit needs now can be removed.',
  'free-memory': 'Work waits until more is free; close something large, or lower what is kept free.',
  join: 'Join one: beamtime join INVITATION, or paste it into the page.',
  'project-waits': 'Work in hand goes on and is reported later. Check the network if this lasts.',
  'new-invitation':
    'Somebody else may answer at that address. Ask the project for a new invitation; nothing of theirs runs until then.',
  'set-clock': 'Switch on automatic time in the system settings.',
  'newer-version': 'Install a current version of Node or of Beamtime.',
  'install-qemu': 'Install it with your package manager, for example: {command}',
  'install-qemu-mac': 'Install it with: {command}',
  'fetched-again': 'It is fetched again when needed, or now. If this repeats, check the disk.',
  virtualisation:
    'Where WebAssembly programs exist they are used instead. To have hardware help, switch on virtualisation in the firmware.',
  'kvm-group': 'Join its group: {command}, then log in again.',
  'measured-again':
    'It is measured again tomorrow, or now if you wish; until then the other capsule is used.',
  'install-chrt': 'Install util-linux, which has the command chrt.',
  report: 'Please report this with the text above.',
};

export function findingWords(said: readonly Said<DoctorFinding>[]): string {
  return said.map(({ code, values }) => fill(FINDINGS[code], values)).join('; ');
}

export function adviceWords(said: readonly Said<DoctorAdvice>[]): string {
  return said.map(({ code, values }) => fill(ADVICE[code], values)).join(' ');
}

function fill(template: string, values: Values): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}
