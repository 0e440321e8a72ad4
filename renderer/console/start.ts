import '../shared/style/tokens.css';
import '../shared/style/base.css';
import './print.css';
import { createApp } from 'vue';
import ofCharts from '../app/locales/en.json';
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
  onPrint(showScheme);
  // What charts say is written once, with the volunteer's pages.
  showMessages('en', { ...ofCharts, ...own });
  setFormatLocale(navigator.languages.find((tag) => tag.startsWith('en-')) ?? 'en-GB');
  createApp(App).mount('#app');
}

/** On paper a page is light, and its cards as wide as they were: a chart is not drawn anew for it. */
function onPrint(showScheme: () => void): void {
  const cards = () => document.querySelectorAll<HTMLElement>('main .card');
  addEventListener('beforeprint', () => {
    document.documentElement.dataset.scheme = 'light';
    for (const card of cards()) card.style.width = `${card.offsetWidth}px`;
  });
  addEventListener('afterprint', () => {
    showScheme();
    for (const card of cards()) card.style.width = '';
  });
}
