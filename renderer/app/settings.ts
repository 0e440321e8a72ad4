import { defineStore } from 'pinia';
import { ref, watch } from 'vue';
import { LANGUAGES, type Language, ShellSettings } from '../../protocol/shell.ts';
import { inShell, onShell, shell } from '../shared/shell.ts';
import { setLanguage, systemLanguage } from './i18n/index.ts';

const KEY = 'beamtime.settings';

/**
 * Language, scheme and what only a desktop can do. In the desktop app the shell keeps them, in a browser this browser
 * does; a damaged or forbidden store means defaults.
 */
export const useSettings = defineStore('settings', () => {
  const now = ref<ShellSettings>(ShellSettings.parse({}));
  const language = ref<Language>('en');
  let saved: Promise<unknown> = Promise.resolve();

  async function load(): Promise<void> {
    now.value = inShell ? await shell('settings', null).catch(() => now.value) : recall();
    onShell('settings', (next) => {
      now.value = next;
    });
    await show();
    watch(now, show);
  }

  async function show(): Promise<void> {
    showScheme(now.value.scheme);
    const wanted = now.value.language ?? systemLanguage();
    await setLanguage(wanted);
    language.value = wanted;
  }

  /** Shown at once, then kept; what the shell refuses is taken back. @throws what the shell says */
  async function set(part: Partial<ShellSettings>): Promise<void> {
    const before = now.value;
    const next = { ...before, ...part };
    now.value = next;
    if (!inShell) return remember(next);
    try {
      saved = saved.then(() => shell('setSettings', next));
      now.value = (await saved) as ShellSettings;
    } catch (error) {
      saved = Promise.resolve();
      now.value = before;
      throw error;
    }
  }

  return { now, language, languages: LANGUAGES, load, set };
});

const dark = matchMedia('(prefers-color-scheme: dark)');
let scheme: ShellSettings['scheme'] = 'system';
dark.addEventListener('change', () => showScheme(scheme));

/** The style sheet knows light and dark only; "system" is resolved here, and again when the system changes its mind. */
export function showScheme(wanted: ShellSettings['scheme']): void {
  scheme = wanted;
  const shown = wanted === 'system' ? (dark.matches ? 'dark' : 'light') : wanted;
  document.documentElement.dataset.scheme = shown;
}

function recall(): ShellSettings {
  try {
    return ShellSettings.parse(JSON.parse(localStorage.getItem(KEY) ?? '{}'));
  } catch {
    return ShellSettings.parse({});
  }
}

function remember(settings: ShellSettings): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // Storage is switched off: they hold until the page is loaded again.
  }
}
