import { ERRORS, type ErrorCode } from '../../server/src/contracts/errors';

/** The table of errors in docs/troubleshooting.md, in the order of the alphabet. `npx tsx scripts/write-doc-tables.ts` writes it. */
export function errorsTable(): string {
  const codes = (Object.keys(ERRORS) as ErrorCode[]).sort();
  const rows = codes.map((code) => `| \`${code}\` | ${ERRORS[code].message} | ${ERRORS[code].hint} |`);
  return ['| code | what happened | what to do |', '|---|---|---|', ...rows, ''].join('\n');
}

/** Matches the table in docs/troubleshooting.md from its head to the last row. */
export const ERRORS_IN_PAGE = /\| code \| what happened \|.*\n(?:\|.*\n)+/;
