import type { Setting } from '../../server/src/contracts/setting-kinds';
import { SETTING_NAMES, SETTINGS } from '../../server/src/contracts/settings';

const code = (text: string) => `\`${text}\``;

function defaultOf({ default: value, defaultInWords }: Setting): string {
  if (defaultInWords !== undefined) return defaultInWords;
  if (value === null) return '–';
  return typeof value === 'object' ? `from ${value.follows}` : code(String(value));
}

const row = (...cells: string[]) => `| ${cells.join(' | ')} |`;

/** It is not a setting, because only the environment has it. People look for it in the same place. */
const PUBLIC_URL = row(
  '–', code('S3_STORAGE_PUBLIC_URL'), '`url` of config/server',
  'address at which visitors load files, see [How files are served](how-it-works.md#how-files-are-served); `off`: not checked',
);

/** The table of settings in docs/settings.md. `npx tsx scripts/write-doc-tables.ts` writes it. */
export function settingsTable(): string {
  const rows = SETTING_NAMES.map((name) => {
    const setting: Setting = SETTINGS[name];
    return row(code(name), code(setting.variable), defaultOf(setting), setting.meaning);
  });
  return ['| setting | environment variable | default | meaning |', '|---|---|---|---|', ...rows, PUBLIC_URL, ''].join('\n');
}

/** Matches the table in docs/settings.md from its head to the last row. */
export const TABLE_IN_PAGE = /\| setting \| environment variable \|.*\n(?:\|.*\n)+/;
