import { Notification } from 'electron';
import type { Language, ShellSettings } from '../../protocol/shell.ts';
import type { EngineView } from '../engine/view.ts';
import type { KeptFile } from '../files/kept-file.ts';
import { reasonText, text } from '../texts.ts';
import { ATTENTION_AFTER_MS, contributionNotices, type Notice, type Told } from './decide.ts';

export interface NotifierOptions {
  readonly told: KeptFile<Told>;
  readonly settings: () => ShellSettings;
  readonly language: () => Language;
  readonly onClick: () => void;
}

/** Few notifications, each once. */
export class Notifier {
  readonly #options: NotifierOptions;
  #attention: NodeJS.Timeout | null = null;
  /** So that the system does not forget the click with the object. */
  #shown: Notification | null = null;
  /** Titles of all that were shown in this life. */
  readonly titles: string[] = [];

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  follow(view: EngineView): void {
    const { told, settings } = this.#options;
    const { notices, told: after } = contributionNotices(told.value, view, settings().notify);
    if (after !== told.value) void told.set(after);
    for (const notice of notices) this.#tell(notice);
    this.#followAttention(view);
  }

  /** The first time that a closed window leaves the app in the tray. */
  toldHiding(): void {
    const { told } = this.#options;
    if (told.value.hiding) return;
    void told.set({ ...told.value, hiding: true });
    const language = this.#options.language();
    this.#show(text(language, 'hidden.title'), text(language, 'hidden.body'));
  }

  close(): void {
    if (this.#attention) clearTimeout(this.#attention);
    this.#attention = null;
  }

  #followAttention({ status }: EngineView): void {
    if (status?.state !== 'attention') {
      if (this.#attention) clearTimeout(this.#attention);
      this.#attention = null;
      return;
    }
    // Who has not joined a project yet has just been asked to by the window.
    if (this.#attention || status.cause?.code === 'no-project') return;
    const reason = reasonText(this.#options.language(), status);
    this.#attention = setTimeout(() => {
      if (this.#options.settings().notify.attention) this.#tell({ kind: 'attention', reason });
    }, ATTENTION_AFTER_MS);
  }

  #tell(notice: Notice): void {
    const language = this.#options.language();
    if (notice.kind === 'attention') {
      this.#show(text(language, 'notify.attention.title'), notice.reason);
      return;
    }
    const values =
      notice.kind === 'milestone' ? { events: new Intl.NumberFormat(language).format(notice.events) } : {};
    this.#show(
      text(language, `notify.${notice.kind}.title`, values),
      text(language, `notify.${notice.kind}.body`, values),
    );
  }

  #show(title: string, body: string): void {
    this.titles.push(title);
    if (!Notification.isSupported()) return;
    const notification = new Notification({ title, body, silent: true });
    notification.on('click', () => this.#options.onClick());
    notification.show();
    this.#shown = notification;
    notification.on('close', () => {
      if (this.#shown === notification) this.#shown = null;
    });
  }
}
