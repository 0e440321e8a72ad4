import { CAMPAIGN_ACTIONS } from './campaigns/actions.ts';
import type { Command } from './command.ts';
import { CVMFS_ACTIONS } from './cvmfs/actions.ts';
import { SERVER_ACTIONS } from './server/actions.ts';

export interface Entry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<Command>;
  /** Commands of two words that begin with this one's name. */
  readonly actions?: readonly Entry[];
}

/** All commands, in the order of the help; a command's file is loaded when it is asked for. */
export const COMMANDS: readonly Entry[] = [
  {
    name: 'start',
    summary: 'start the engine on this computer',
    load: async () => (await import('./commands/start.ts')).start,
  },
  {
    name: 'status',
    summary: 'say what the engine is doing and why, and where its page is',
    load: async () => (await import('./commands/status.ts')).status,
  },
  {
    name: 'pause',
    summary: 'pause the work, for a time or until you resume it',
    load: async () => (await import('./commands/pause.ts')).pause,
  },
  {
    name: 'resume',
    summary: 'go on after a pause',
    load: async () => (await import('./commands/resume.ts')).resume,
  },
  { name: 'stop', summary: 'end the engine', load: async () => (await import('./commands/stop.ts')).stop },
  {
    name: 'join',
    summary: 'join a project by its invitation',
    load: async () => (await import('./commands/join.ts')).join,
  },
  {
    name: 'projects',
    summary: 'list the projects joined, with their shares and what of theirs is in hand',
    load: async () => (await import('./commands/projects.ts')).projects,
  },
  {
    name: 'share',
    summary: 'say how much of the work a project gets beside the others',
    load: async () => (await import('./commands/share.ts')).share,
  },
  {
    name: 'leave',
    summary: 'leave a project',
    load: async () => (await import('./commands/leave.ts')).leave,
  },
  {
    name: 'attach',
    summary: 'make this computer one of your account’s',
    load: async () => (await import('./commands/attach.ts')).attach,
  },
  {
    name: 'doctor',
    summary: 'check this computer and say what to do where something is wrong',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  {
    name: 'campaigns',
    summary: 'list a project’s campaigns, show one, or act on one',
    load: async () => (await import('./commands/campaigns.ts')).campaigns,
    actions: CAMPAIGN_ACTIONS,
  },
  {
    name: 'results',
    summary: 'show or export the merged histograms of a campaign',
    load: async () => (await import('./commands/results.ts')).results,
  },
  {
    name: 'samples',
    summary: 'find samples of events, or take one as a HepMC3 file',
    load: async () => (await import('./commands/samples.ts')).samples,
  },
  {
    name: 'reproduce',
    summary: 'compute a result or merged histograms again here, and compare them bit by bit',
    load: async () => (await import('./commands/reproduce.ts')).reproduce,
  },
  {
    name: 'phoenix',
    summary: 'make an event file (HepMC3) into one for the Phoenix event display',
    load: async () => (await import('./commands/phoenix.ts')).phoenix,
  },
  {
    name: 'push',
    summary: 'publish releases, the appliance and campaigns (project staff)',
    load: async () => (await import('./commands/push.ts')).push,
  },
  {
    name: 'software',
    summary: 'list what a project has published: releases, tags and sizes',
    load: async () => (await import('./commands/software.ts')).software,
  },
  {
    name: 'audit',
    summary: 'list what was done at a project, and verify it (project staff)',
    load: async () => (await import('./commands/audit.ts')).audit,
  },
  {
    name: 'tune',
    summary: 'fit a generator’s parameters to measured data (project staff)',
    load: async () => (await import('./commands/tune.ts')).tune,
  },
  {
    name: 'cvmfs',
    summary: 'read a CernVM-FS repository (ls, cat, cp, stat, find), or publish one',
    load: async () => (await import('./commands/cvmfs.ts')).cvmfs,
    actions: CVMFS_ACTIONS,
  },
  {
    name: 'server',
    summary: 'run a project server in the foreground (project staff)',
    load: async () => (await import('./commands/server.ts')).server,
    actions: SERVER_ACTIONS,
  },
  {
    name: 'engine',
    summary: 'run the engine in the foreground',
    load: async () => (await import('./commands/engine.ts')).engine,
  },
];
