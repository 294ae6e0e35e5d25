/** Every two minutes, which suits the time budget of the jobs. */
export const DEFAULT_SCHEDULE = '*/2 * * * *';

/** The message about an expression that looks like a cron expression and is not valid. */
export const NO_CRON = `must be a cron expression such as ${DEFAULT_SCHEDULE}`;

/** Longest cron expression, in characters. */
const MAX_CRON_LENGTH = 100;

const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december'];
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

interface CronField {
  readonly name: string;
  readonly minimum: number;
  readonly maximum: number;
  /** Words for the values: the first word means `minimum`. The first three letters of a word count too. */
  readonly words?: readonly string[];
  /** Items that can be neither part of a range nor have a step, such as `L` for the last day of the month. */
  readonly special?: RegExp;
}

const SECOND: CronField = { name: 'second', minimum: 0, maximum: 59 };
const FIELDS: readonly CronField[] = [
  { name: 'minute', minimum: 0, maximum: 59 },
  { name: 'hour', minimum: 0, maximum: 23 },
  { name: 'day of the month', minimum: 1, maximum: 31, special: /^(L|LW|L-([1-9]|[12]\d|30)|([1-9]|[12]\d|3[01])W)$/i },
  { name: 'month', minimum: 1, maximum: 12, words: MONTHS },
  { name: 'day of the week', minimum: 0, maximum: 7, words: WEEKDAYS, special: /^[0-7]L$/i },
];

function isValue(text: string, { minimum, maximum, words }: CronField): boolean {
  if (/^\d{1,2}$/.test(text)) return Number(text) >= minimum && Number(text) <= maximum;
  const word = text.toLowerCase();
  return words?.some((full) => word === full || word === full.slice(0, 3)) ?? false;
}

/** Tests for `*`, a value or a range. `*` and a range may have a step. */
function isItem(text: string, field: CronField): boolean {
  if (field.special?.test(text)) return true;
  const [values = '', step, ...more] = text.split('/');
  if (more.length > 0) return false;
  const limit = field.maximum - field.minimum + 1;
  if (step !== undefined && !(/^\d{1,2}$/.test(step) && Number(step) >= 1 && Number(step) <= limit)) return false;
  if (values === '*') return true;
  const [first = '', last, ...others] = values.split('-');
  if (others.length > 0 || !isValue(first, field)) return false;
  return last === undefined ? step === undefined : isValue(last, field);
}

/**
 * Says why a text is not a cron expression that is safe to give to a library; null if it is one. A cron expression has five fields, or six
 * with the seconds in front.
 * Libraries expand ranges before they check them, and `0-4294967295` would use up the memory of the process. That is why this function
 * checks the limits of every number first.
 */
export function cronFault(text: string): string | null {
  if (text.length > MAX_CRON_LENGTH) return `must not be longer than ${MAX_CRON_LENGTH} characters`;
  const given = text.split(/ +/);
  const fields = given.length === FIELDS.length + 1 ? [SECOND, ...FIELDS] : FIELDS;
  if (given.length !== fields.length || given.includes('')) return NO_CRON;
  const bad = fields.find((field, index) => !given[index]?.split(',').every((item) => isItem(item, field)));
  return bad ? `${NO_CRON}: the ${bad.name} is not valid` : null;
}
