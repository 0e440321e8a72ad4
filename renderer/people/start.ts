import '../shared/style/tokens.css';
import '../shared/style/base.css';
import './print.css';
import { createApp } from 'vue';
import type { Language } from '../../protocol/shell.ts';
import { type Messages, speak, systemLanguage } from '../shared/i18n/index.ts';
import App from './App.vue';

const MESSAGES: Readonly<Record<Language, () => Promise<{ default: Messages }>>> = {
  en: () => import('./locales/en.json'),
  fr: () => import('./locales/fr.json'),
  de: () => import('./locales/de.json'),
  it: () => import('./locales/it.json'),
  es: () => import('./locales/es.json'),
};

export async function start(): Promise<void> {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const showScheme = () => {
    document.documentElement.dataset.scheme = dark.matches ? 'dark' : 'light';
  };
  showScheme();
  dark.addEventListener('change', showScheme);
  const language = systemLanguage();
  speak(language, (await MESSAGES[language]()).default);
  createApp(App).mount('#app');
}
