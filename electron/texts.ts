import { LANGUAGES, type Language } from '../protocol/shell.ts';
import type { Status } from './engine/view.ts';
import de from './locales/de.json' with { type: 'json' };
import en from './locales/en.json' with { type: 'json' };
import es from './locales/es.json' with { type: 'json' };
import fr from './locales/fr.json' with { type: 'json' };
import it from './locales/it.json' with { type: 'json' };

const TEXTS: Readonly<Record<Language, Readonly<Record<string, string>>>> = { en, fr, de, it, es };
export type TextKey = keyof typeof en;
export type Values = Readonly<Record<string, string | number | null>>;

/** The first of the system's languages that we have; English where there is none. */
export function languageFor(system: readonly string[]): Language {
  for (const tag of system) {
    const known = LANGUAGES.find((language) => language === tag.toLowerCase().split(/[-_]/)[0]);
    if (known) return known;
  }
  return 'en';
}

/** A text of the shell: of its menu, notifications and notices. */
export function text(language: Language, key: TextKey, values: Values = {}): string {
  return fill(TEXTS[language][key] ?? en[key], values);
}

/** The engine's reason in the person's language: its own words in English, by its cause in others where we know it. */
export function reasonText(language: Language, status: Status): string {
  if (!status.cause || language === 'en') return status.reason;
  const { code, values } = status.cause;
  const template = TEXTS[language][`cause.${code}.${values.why}`] ?? TEXTS[language][`cause.${code}`];
  return template === undefined ? status.reason : fill(template, values);
}

/** Puts values in; a part in [brackets] is left out where one of its values is not known. */
export function fill(template: string, values: Values): string {
  const put = (part: string) =>
    part.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
  return put(
    template.replaceAll(/\[([^\]]*)\]/g, (_, part: string) =>
      [...part.matchAll(/\{(\w+)\}/g)].every(([, name]) => (values[name ?? ''] ?? null) !== null) ? part : '',
    ),
  );
}
