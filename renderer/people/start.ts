import '../shared/style/tokens.css';
import '../shared/style/base.css';
import { createApp } from 'vue';
import { setFormatLocale } from '../shared/format.ts';
import { showMessages } from '../shared/i18n/index.ts';
import App from './App.vue';
import own from './locales/en.json';

export function start(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const showScheme = () => {
    document.documentElement.dataset.scheme = dark.matches ? 'dark' : 'light';
  };
  showScheme();
  dark.addEventListener('change', showScheme);
  showMessages('en', own);
  setFormatLocale(navigator.languages.find((tag) => tag.startsWith('en-')) ?? 'en-GB');
  createApp(App).mount('#app');
}
