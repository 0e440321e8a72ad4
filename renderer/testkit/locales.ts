import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LANGUAGES } from '../../protocol/shell.ts';

/** The messages of a language by their keys. */
type Messages = ReadonlyMap<string, string>;

function flatten(messages: object, above = ''): [string, string][] {
  return Object.entries(messages).flatMap(([name, value]) =>
    typeof value === 'string'
      ? [[above + name, value] as [string, string]]
      : flatten(value, `${above}${name}.`),
  );
}

/** @param folder where a page's LANGUAGE.json are */
export function readMessages(folder: string, language: string): Messages {
  return new Map(flatten(JSON.parse(readFileSync(`${folder}/${language}.json`, 'utf8'))));
}

const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

/**
 * One suite for each language but English: that its messages are those of the English.
 * @param mostEnglish so much of them, at most, may be the same text
 */
export function translationsOf(folder: string, english: Messages, mostEnglish: number): void {
  describe.each(LANGUAGES.filter((language) => language !== 'en'))('the messages in %s', (language) => {
    const messages = readMessages(folder, language);

    it('are there, all of them and no others', () =>
      expect([...messages.keys()]).toEqual([...english.keys()]));

    it('take the same values, and come in as many forms', () => {
      for (const [key, text] of messages) {
        const original = english.get(key) ?? '';
        expect(placeholders(text), key).toEqual(placeholders(original));
        expect(text.split(' | ').length, key).toBe(original.split(' | ').length);
        expect(text.trim(), key).not.toBe('');
      }
    });

    it('are translated: hardly any is still the English one', () => {
      const same = [...messages].filter(([key, text]) => /[a-z]{4}/.test(text) && text === english.get(key));
      expect(same.length / messages.size).toBeLessThan(mostEnglish);
    });
  });
}
