import { join } from 'node:path';
import { Menu, type MenuItemConstructorOptions, nativeImage, Tray } from 'electron';
import { type MenuEntry, type MenuFacts, reasonLine, trayMenu } from './menu.ts';
import { type TrayState, trayState } from './state.ts';

/** The system cuts longer ones in the middle of a word. */
const TOOLTIP_CHARS = 120;

/** The icon in the panel. It is made anew when the panel is (see TrayHost); what it shows is kept here. */
export class TrayIcon {
  readonly #icons: string;
  readonly #onChoice: (id: string) => void;
  #tray: Tray | null = null;
  #facts: MenuFacts;
  #shown = '';
  #state: TrayState = 'waiting';
  #menu: Menu | null = null;

  /** @param icons the folder that electron/bundling/icons.ts wrote */
  constructor(icons: string, facts: MenuFacts, onChoice: (id: string) => void) {
    this.#icons = icons;
    this.#facts = facts;
    this.#onChoice = onChoice;
  }

  get isThere(): boolean {
    return this.#tray !== null;
  }

  get state(): TrayState {
    return this.#state;
  }

  get tooltip(): string {
    return tooltip(this.#facts);
  }

  /** The menu as it is now. */
  get menu(): Menu {
    this.#menu ??= Menu.buildFromTemplate(this.#template(trayMenu(this.#facts)));
    return this.#menu;
  }

  /** Puts the icon into the panel, in place of one whose panel is gone. */
  appear(): void {
    this.disappear();
    this.#tray = new Tray(this.#image());
    this.#tray.on('click', () => this.#onChoice('open'));
    this.#shown = '';
    this.show(this.#facts);
  }

  disappear(): void {
    this.#tray?.destroy();
    this.#tray = null;
  }

  show(facts: MenuFacts): void {
    this.#facts = facts;
    const entries = trayMenu(facts);
    const state = trayState(facts.engine, facts.view);
    const shown = JSON.stringify([state, entries, tooltip(facts)]);
    // The engine tells its status many times a minute; a menu that is open must not be replaced without need.
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#state = state;
    this.#menu = null;
    if (!this.#tray) return;
    this.#tray.setImage(this.#image());
    this.#tray.setToolTip(tooltip(facts));
    this.#tray.setContextMenu(this.menu);
  }

  #image() {
    const isMac = process.platform === 'darwin';
    // The files at twice the size lie beside under the name that Electron looks for.
    const image = nativeImage.createFromPath(
      join(this.#icons, `${this.#state}${isMac ? 'Template' : ''}.png`),
    );
    if (isMac) image.setTemplateImage(true);
    return image;
  }

  #template(entries: readonly MenuEntry[]): MenuItemConstructorOptions[] {
    return entries.map((entry): MenuItemConstructorOptions => {
      if (entry === 'separator') return { type: 'separator' };
      const { id, label, enabled = true, checked, below } = entry;
      if (below) return { id, label, enabled, submenu: this.#template(below) };
      const click = () => this.#onChoice(id);
      if (checked === undefined) return { id, label, enabled, click };
      return { id, label, enabled, type: 'radio', checked, click };
    });
  }
}

function tooltip(facts: MenuFacts): string {
  return `Beamtime: ${reasonLine(facts)}`.slice(0, TOOLTIP_CHARS);
}
