import { fileURLToPath } from 'node:url';
import messages from '@intlify/unplugin-vue-i18n/vite';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

const modulesOf = (name: string) =>
  fileURLToPath(new URL(`node_modules/jsroot/modules/${name}`, import.meta.url));

/** The pages are served by the engine or a project server under a strict policy: nothing inlined, no data: URLs, no polyfill script. */
export default defineConfig({
  root: fileURLToPath(new URL('renderer/app', import.meta.url)),
  base: './',
  plugins: [
    vue(),
    // Messages are compiled here: in the page the policy forbids to make functions out of text.
    messages({
      include: ['app', 'console', 'people'].map((page) =>
        fileURLToPath(new URL(`renderer/${page}/locales/**`, import.meta.url)),
      ),
      runtimeOnly: true,
      dropMessageCompiler: true,
      fullInstall: false,
    }),
  ],
  resolve: {
    alias: {
      // Painters of histograms in two dimensions, which the package exports only with those that need three.js.
      'jsroot-th1': modulesOf('hist2d/TH1Painter.mjs'),
      'jsroot-element': modulesOf('base/ObjectPainter.mjs'),
    },
  },
  define: { __VUE_OPTIONS_API__: 'false', __VUE_PROD_DEVTOOLS__: 'false' },
  build: {
    target: ['chrome110', 'firefox115', 'safari16'],
    outDir: fileURLToPath(new URL('build/renderer', import.meta.url)),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
    // What others wrote of the page lies beside it with its terms.
    license: { fileName: 'licenses.md' },
    // JSROOT's painters, which nobody waits for who has not asked for them.
    chunkSizeWarningLimit: 600,
  },
});
