import '../shared/style/tokens.css';
import '../shared/style/base.css';
import { createPinia } from 'pinia';
import { createApp } from 'vue';
import App from './App.vue';
import { showScheme, useSettings } from './settings.ts';

export async function start(): Promise<void> {
  showScheme('system');
  const app = createApp(App).use(createPinia());
  // The first thing a person sees is in their language.
  await useSettings().load();
  app.mount('#app');
}
