import '../shared/api/zod-without-eval.ts';
import '../shared/style/tokens.css';
import '../shared/style/base.css';
import { createPinia } from 'pinia';
import { createApp } from 'vue';
import App from './App.vue';

createApp(App).use(createPinia()).mount('#app');
