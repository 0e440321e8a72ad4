import type { EngineProcess, Language } from '../../protocol/shell.ts';
import type { EngineView } from '../engine/view.ts';
import { reasonText, type TextKey, text } from '../texts.ts';

/** What the menu shows, before Electron makes a menu of it. */
export interface MenuLine {
  readonly id: string;
  readonly label: string;
  readonly enabled?: boolean;
  /** Given: a radio item. */
  readonly checked?: boolean;
  readonly below?: readonly MenuLine[];
}
export type MenuEntry = MenuLine | 'separator';

/** Choices of "share while I work" -> Preferences.reserveWhileActive, the part that stays free. */
export const SHARES = { none: 1, quarter: 0.75, half: 0.5, most: 0.25, all: 0 } as const;
export type Share = keyof typeof SHARES;

export interface MenuFacts {
  readonly engine: EngineProcess;
  readonly view: EngineView;
  readonly language: Language;
  /** The person chose to finish current work and quit. */
  readonly isFinishing: boolean;
}

/** The one line that says what is happening and why: the tooltip, and the head of the menu. */
export function reasonLine({ engine, view, language, isFinishing }: MenuFacts): string {
  if (isFinishing) return text(language, 'state.finishing');
  switch (engine.state) {
    case 'starting':
      return text(language, 'state.starting');
    case 'failed':
      return engine.reason;
    case 'restarting':
      return text(language, 'state.restarting');
    case 'running':
      return view.status ? reasonText(language, view.status) : text(language, 'state.noAnswer');
  }
}

/** The tray's menu. Pure. */
export function trayMenu(facts: MenuFacts): readonly MenuEntry[] {
  const { engine, view, language, isFinishing } = facts;
  const say = (key: TextKey) => text(language, key);
  const isPaused = view.status?.state === 'paused';
  const canAsk = view.status !== null && !isFinishing;
  const pauses: MenuLine[] = [
    { id: 'pause-hour', label: say('menu.pauseHour') },
    { id: 'pause-tomorrow', label: say('menu.pauseTomorrow') },
    { id: 'pause-for-good', label: say('menu.pauseForGood') },
  ];
  return [
    { id: 'reason', label: clip(reasonLine(facts)), enabled: false },
    'separator',
    ...(engine.state === 'failed' || engine.state === 'restarting'
      ? [{ id: 'try-again', label: say('menu.tryAgain') }]
      : isPaused
        ? [{ id: 'resume', label: say('menu.resume'), enabled: canAsk }]
        : [{ id: 'pause', label: say('menu.pause'), enabled: canAsk, below: pauses }]),
    {
      id: 'share',
      label: say('menu.share'),
      enabled: canAsk && view.preferences !== null,
      below: shares(view, language),
    },
    'separator',
    { id: 'open', label: say('menu.open') },
    { id: 'contribution', label: say('menu.contribution') },
    { id: 'preferences', label: say('menu.preferences') },
    'separator',
    ...(isFinishing
      ? [{ id: 'quit', label: say('menu.quitNow') }]
      : [
          { id: 'finish', label: say('menu.finish'), enabled: canAsk },
          { id: 'quit', label: say('menu.quit') },
        ]),
  ];
}

function shares(view: EngineView, language: Language): MenuLine[] {
  const reserve = view.preferences?.reserveWhileActive;
  return Object.entries(SHARES).map(([share, part]) => ({
    id: `share-${share}`,
    // The key is made of a name of SHARES, and the key test has each.
    label: text(language, `menu.share.${share}` as TextKey),
    checked: reserve === part,
  }));
}

/** Menus do not wrap: a project's own words may be long. Control and direction characters have no place here. */
function clip(line: string): string {
  const plain = line.replaceAll(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, ' ');
  return plain.length > 90 ? `${plain.slice(0, 87)}...` : plain;
}

/** Seconds until six in the morning: "until tomorrow" means until the night is over. */
export function secondsUntilTomorrow(now: Date): number {
  const morning = new Date(now);
  if (now.getHours() >= 6) morning.setDate(morning.getDate() + 1);
  morning.setHours(6, 0, 0, 0);
  return Math.max(60, Math.round((morning.getTime() - now.getTime()) / 1000));
}
