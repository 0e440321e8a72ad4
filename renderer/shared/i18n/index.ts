import { createI18n } from 'vue-i18n';
import { LANGUAGES, type Language } from '../../../protocol/shell.ts';
import { count, setFormatLocale } from '../format.ts';

/** As compiled from a page's locale files. */
export type Messages = Record<string, unknown>;

const i18n = createI18n<false>({
  legacy: false,
  locale: 'en',
  missingWarn: true,
});

/** From here on the page speaks so; also what is drawn already. */
export function showMessages(language: string, messages: Messages): void {
  i18n.global.setLocaleMessage(language, messages as never);
  plain.clear();
  i18n.global.locale.value = language;
}

/** The system's first language that we have; English where there is none. */
export function systemLanguage(wanted: readonly string[] = navigator.languages): Language {
  for (const tag of wanted) {
    const found = LANGUAGES.find((language) => language === tag.slice(0, 2).toLowerCase());
    if (found) return found;
  }
  return 'en';
}

/** As showMessages(), for the whole page; numbers and dates go by the person's own region where it speaks that language. */
export function speak(language: Language, messages: Messages): void {
  showMessages(language, messages);
  const regional = navigator.languages.find((tag) => tag.startsWith(`${language}-`));
  setFormatLocale(regional ?? (language === 'en' ? 'en-GB' : language));
  document.documentElement.lang = language;
  document.documentElement.dir = 'ltr';
}

/** Most of a page's messages have no values, and are asked for again whenever it is drawn. */
const plain = new Map<string, string>();

/** A message in the page's language. */
export function t(key: string, values?: Record<string, unknown>): string {
  if (values) return i18n.global.t(key, values);
  const id = `${i18n.global.locale.value} ${key}`;
  const known = plain.get(id);
  if (known !== undefined) return known;
  const message = i18n.global.t(key);
  plain.set(id, message);
  return message;
}

/** A message that depends on a number: "{n} core | {n} cores". */
export function tn(key: string, n: number, values: Record<string, unknown> = {}): string {
  return i18n.global.t(key, { n: count(n), ...values }, n);
}

/** Whether there is a message by this key. */
export function has(key: string): boolean {
  return i18n.global.te(key);
}
