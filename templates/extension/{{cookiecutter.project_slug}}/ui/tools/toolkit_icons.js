// The toolkit carries some 14,000 icons, 8 MB, in one file of which a bundler can leave nothing out.
// This plugin of Vite keeps the icons that are named and takes the others out of reach, so that they are left out.

const TOOLKIT = '@cloudblueconnect/connect-ui-toolkit/dist/index.js';

// Every icon stands in the toolkit's table as `name:()=>variable`. No other table is as long.
const TABLE = /\.d\(\w+,\{((?:\w+:\(\)=>[\w$]+,){1000,}\w+:\(\)=>[\w$]+)\}\)/;

/** Return the toolkit's code with no icons but these. */
export const keepIcons = (code, names) => {
  const table = TABLE.exec(code);
  if (!table) throw new Error('the table of icons is not where it was; take the plugin out, or look into it');
  const entries = table[1].split(',').filter((entry) => names.includes(entry.split(':', 1)[0]));
  const found = entries.map((entry) => entry.split(':', 1)[0]);
  const missing = names.filter((name) => !found.includes(name));
  if (missing.length) throw new Error(`the toolkit has no icon ${missing.join(', ')}`);
  return code.replace(table[0], table[0].replace(table[1], entries.join(',')));
};

/** The plugin. `names` are those that pages give to `iconName`, and those that the toolkit's own widgets use. */
export const toolkitIcons = (names) => ({
  name: 'toolkit-icons',
  apply: 'build',
  transform(code, id) {
    return id.endsWith(TOOLKIT) ? { code: keepIcons(code, names), map: null } : null;
  },
});
