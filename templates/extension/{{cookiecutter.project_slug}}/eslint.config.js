{% from "answers.jinja" import with_ui with context %}
{% if with_ui %}
import js from '@eslint/js';
import globals from 'globals';

export default [
  { ignores: ['**/static/', '.venv/', 'node_modules/', 'coverage/'] },
  js.configs.recommended,
  {
    files: ['ui/**/*.js'],
    languageOptions: { globals: globals.browser },
    rules: { curly: ['error', 'multi-line'], eqeqeq: 'error', 'no-var': 'error', 'prefer-const': 'error' },
  },
  { files: ['*.config.js', 'ui/tools/*.js'], languageOptions: { globals: globals.node } },
];
{% endif %}
