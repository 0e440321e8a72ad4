import type { Language } from '../../../protocol/shell.ts';
import { type Messages, speak } from '../../shared/i18n/index.ts';

export { has, systemLanguage, t, tn } from '../../shared/i18n/index.ts';

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

/** Loads a language and shows it. */
export async function setLanguage(language: Language): Promise<void> {
  speak(language, (await LOADERS[language]()).default);
}
