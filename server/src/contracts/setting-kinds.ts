import { cronFault } from './cron';

/** A rule for a text. The message completes a sentence that begins with the name of the setting. */
export type TextRule = ({ readonly allow: RegExp } | { readonly refuse: RegExp }) & { readonly message: string };

/** Another setting decides the default; `core/settings/resolve.ts` computes it. */
interface Followed {
  readonly follows: string;
}

/** The properties that every entry of the table has. `Value` is the type of the setting's value. */
interface Described<Value> {
  /** The value where no source has one. Null: the setting is then empty. */
  readonly default: Value | null | Followed;
  readonly variable: `S3_STORAGE_${string}`;
  /**
   * The effect of a value that is not valid. `nextSource`: the next source counts. `stopsS3`: this setting decides where or whether the
   * plugin writes bytes, so it does not use S3 at all until somebody corrects the value.
   */
  readonly badValue: 'nextSource' | 'stopsS3';
  /** Whether the API shows the value. A value with false here never leaves the server. */
  readonly public: boolean;
  /** Where the panel shows the setting: in a section of the settings page, or on the migration page. */
  readonly section: 'storage' | 'credentials' | 'delivery' | 'advanced' | 'migration';
  /** The setting starts or stops jobs, so whoever changes it also needs the permission to run jobs. */
  readonly switchesJobs?: true;
  /** The words of docs/settings.md for the setting, in Markdown. */
  readonly meaning: string;
  /** The words of docs/settings.md for the default, if the value itself says too little. */
  readonly defaultInWords?: string;
}

export interface WholeNumber extends Described<number> {
  readonly kind: 'wholeNumber';
  readonly min: number;
  readonly max: number;
  /** The unit that the panel shows after the number. */
  readonly unit?: 'ms' | 'days' | 'MB' | 'minutes';
}

export interface Flag extends Described<boolean> {
  readonly kind: 'flag';
}

/** A setting with one of several words. The panel's text for an option is `field.<name>.<option>`. */
export interface Choice extends Described<string> {
  readonly kind: 'choice';
  readonly options: readonly string[];
}

/** A line of text. An empty one means that nothing is set. */
export interface Text extends Described<string> {
  readonly kind: 'text';
  /** Greatest length, in characters. */
  readonly maxLength: number;
  readonly rules: readonly TextRule[];
  /** The example that the panel shows in an empty input. */
  readonly example?: string;
}

/** The text before each key. It is empty, which is a value too, or ends with a slash. */
export interface Folder extends Described<string> {
  readonly kind: 'folder';
  readonly maxBytes: number;
  readonly rules: readonly TextRule[];
  readonly example?: string;
}

/** A text that never leaves the server. Null removes it; an empty text does not. */
export interface Secret extends Described<string> {
  readonly kind: 'secret';
  readonly maxLength: number;
  readonly rules: readonly TextRule[];
  readonly public: false;
}

/**
 * A cron expression. The contract checks the limits of its fields; the library that keeps schedules decides whether such a day ever comes.
 */
export interface Schedule extends Described<string> {
  readonly kind: 'schedule';
}

export type Setting = WholeNumber | Flag | Choice | Text | Folder | Secret | Schedule;

/** The type of the values that a setting of this kind has. */
export type ValueOf<S extends Setting> = S extends { kind: 'wholeNumber' }
  ? number
  : S extends { kind: 'flag' }
    ? boolean
    : S extends { kind: 'choice'; options: readonly (infer Option)[] }
      ? Option
      : string;

const breaks = (rule: TextRule, text: string) => ('allow' in rule ? !rule.allow.test(text) : rule.refuse.test(text));

/**
 * Says why a text cannot be the setting's value; null if it can. Server and panel both use this function, so they never disagree.
 * @param text without white space around it
 */
export function textFault(setting: Text | Folder | Secret | Schedule, text: string): string | null {
  if (setting.kind === 'schedule') return cronFault(text);
  const maxLength = setting.kind === 'folder' ? setting.maxBytes : setting.maxLength;
  if (text.length > maxLength) return `must not be longer than ${maxLength} characters`;
  const broken = setting.rules.find((rule) => breaks(rule, text));
  if (broken) return broken.message;
  const isTooBig = setting.kind === 'folder' && new TextEncoder().encode(text).length >= setting.maxBytes;
  return isTooBig ? `must be shorter than ${setting.maxBytes} bytes` : null;
}

/** The English message about a value that is not a number of this setting. */
export const wholeNumberFault = ({ min, max }: Pick<WholeNumber, 'min' | 'max'>) => `must be a whole number from ${min} to ${max}`;
