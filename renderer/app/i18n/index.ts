import { LANGUAGES, type Language } from '../../../protocol/shell.ts';
import { setFormatLocale } from '../../shared/format.ts';
import { type Messages, showMessages } from '../../shared/i18n/index.ts';

export { has, t, tn } from '../../shared/i18n/index.ts';

const LOADERS: Readonly<Record<Language, () => Promise<{ default: Messages }>>> = {
  en: () => import('../locales/en.json'),
  fr: () => import('../locales/fr.json'),
  de: () => import('../locales/de.json'),
  it: () => import('../locales/it.json'),
  es: () => import('../locales/es.json'),
};
/** Each language's own name for itself: a person finds theirs whatever the page speaks now. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = {
  en: 'English',
  fr: 'Français',
  de: 'Deutsch',
  it: 'Italiano',
  es: 'Español',
};

/** The system's first language that we have; English where there is none. */
export function systemLanguage(wanted: readonly string[] = navigator.languages): Language {
  for (const tag of wanted) {
    const found = LANGUAGES.find((language) => language === tag.slice(0, 2).toLowerCase());
    if (found) return found;
  }
  return 'en';
}

/** Loads a language and shows it; numbers and dates go by the person's own region where it speaks that language. */
export async function setLanguage(language: Language): Promise<void> {
  const { default: messages } = await LOADERS[language]();
  showMessages(language, messages);
  const regional = navigator.languages.find((tag) => tag.startsWith(`${language}-`));
  setFormatLocale(regional ?? (language === 'en' ? 'en-GB' : language));
  document.documentElement.lang = language;
  document.documentElement.dir = 'ltr';
}
