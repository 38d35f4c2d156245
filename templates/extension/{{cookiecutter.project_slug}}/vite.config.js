{% from "answers.jinja" import package, with_ui with context %}
{% if with_ui %}
// Builds the pages of ui/ into the package. Their names stay the same, for pages are declared by them in webapp.py
// and tfnapp.py; so do those of what they load, for builds are kept in git.
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig } from 'vite';
import { toolkitIcons } from './ui/tools/toolkit_icons.js';

const UI = resolve(import.meta.dirname, 'ui');
const STATIC = resolve(import.meta.dirname, '{{ package }}/static');

// Where `npm run dev` sends calls of the API, and the key with which it calls: see HOWTO.md.
const { EXTENSION_URL, API_KEY } = process.env;
const api = {
  target: EXTENSION_URL,
  changeOrigin: true,
  headers: { ...(API_KEY && { Authorization: API_KEY }) },
};

// The icons that pages use by name; others are left out of the build.
const ICONS = ['googleStorefrontBaseline'];

// Every HTML file is a page: { index: '…/ui/index.html', 'transformations/manual': … }.
const pages = Object.fromEntries(
  readdirSync(UI, { recursive: true })
    .filter((path) => path.endsWith('.html'))
    .sort()
    .map((path) => [path.replaceAll('\\', '/').slice(0, -'.html'.length), resolve(UI, path)]),
);

export default defineConfig(({ command }) => ({
  root: UI,
  base: command === 'serve' ? '/static/' : './',
  plugins: [toolkitIcons(ICONS)],
  server: { proxy: EXTENSION_URL ? { '/api': api } : {} },
  build: {
    outDir: STATIC,
    emptyOutDir: true,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: pages,
      output: {
        entryFileNames: 'assets/[name].js',
        chunkFileNames: 'assets/[name].js',
        assetFileNames: 'assets/[name][extname]',
        minifyInternalExports: false,
        // Parts that all pages share are files of their own, whichever pages there are.
        codeSplitting: {
          groups: [
            { name: 'vendor', test: /node_modules/ },
            { name: 'common', test: /ui\/src\/common\// },
          ],
        },
      },
    },
  },
  test: { environment: 'happy-dom', include: ['tests/**/*.test.js'] },
}));
{% endif %}
