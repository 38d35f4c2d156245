import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { keepIcons } from '../tools/toolkit_icons.js';

const toolkit = readFileSync(
  createRequire(import.meta.url).resolve('@cloudblueconnect/connect-ui-toolkit'),
  'utf8',
);

describe('keepIcons', () => {
  it('keeps the named icons of the toolkit and no others', () => {
    const code = keepIcons(toolkit, ['googleInfoBaseline']);
    expect(code).toMatch(/\.d\(\w+,\{googleInfoBaseline:\(\)=>[\w$]+\}\)/);
    expect(code).not.toContain('googleErrorBaseline:');
  });

  it('names an icon that there is not', () => {
    expect(() => keepIcons(toolkit, ['googleInfoBaseline', 'noSuchIcon'])).toThrow('noSuchIcon');
  });

  it('refuses a toolkit that it does not know', () => {
    expect(() => keepIcons('export default 1', [])).toThrow('not where it was');
  });
});
