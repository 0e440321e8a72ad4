import type { EngineProcess } from '../../protocol/shell.ts';
import type { EngineView } from '../engine/view.ts';

export const TRAY_STATES = ['computing', 'waiting', 'paused', 'attention', 'offline'] as const;
export type TrayState = (typeof TRAY_STATES)[number];

/** What the icon says. Pure. An engine that is not there is said like an engine that has lost its project. */
export function trayState(engine: EngineProcess, view: EngineView): TrayState {
  if (engine.state === 'failed') return 'attention';
  if (engine.state === 'restarting') return 'offline';
  switch (view.status?.state) {
    case 'computing':
    case 'paused':
    case 'attention':
    case 'offline':
      return view.status.state;
    default:
      return 'waiting';
  }
}
