import '../shared/api/zod-without-eval.ts';
import '../shared/style/tokens.css';
import '../shared/style/base.css';
import { createPinia } from 'pinia';
import { createApp } from 'vue';
import App from './App.vue';
import { showScheme, useSettings } from './settings.ts';

showScheme('system');
const app = createApp(App).use(createPinia());
// The first thing a person sees is in their language.
await useSettings().load();
app.mount('#app');
