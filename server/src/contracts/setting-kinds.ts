import { cronFault } from './cron';

/** One rule that a text must keep. The message completes a sentence that begins with the name of the setting. */
export type TextRule = ({ readonly allow: RegExp } | { readonly refuse: RegExp }) & { readonly message: string };

/** Says that another setting decides the default; `core/settings/resolve.ts` works it out. */
interface Followed {
  readonly follows: string;
}

/** What an entry of the table says whatever its kind is. `Value` is the type of the setting's value. */
interface Described<Value> {
  /** Counts where no source has a value. Null: the setting is empty then. */
  readonly default: Value | null | Followed;
  readonly variable: `S3_STORAGE_${string}`;
  /**
   * What happens where a source has a value that is not valid. `nextSource`: the next source counts. `stopsS3`: this setting decides
   * where or whether bytes are written, so S3 is not used at all until the value is corrected.
   */
  readonly badValue: 'nextSource' | 'stopsS3';
  /** Whether the API answers the value. Nothing that is false here leaves the server. */
  readonly public: boolean;
  /** Where the panel shows the setting: in a section of the settings page, or on the migration page. */
  readonly section: 'storage' | 'credentials' | 'advanced' | 'migration';
  /** The setting starts or stops jobs: whoever changes it needs the permission to run jobs too. */
  readonly switchesJobs?: true;
  /** The README's words for the setting, in Markdown. */
  readonly meaning: string;
  /** The README's words for the default, where the value itself says too little. */
  readonly defaultInWords?: string;
}

export interface WholeNumber extends Described<number> {
  readonly kind: 'wholeNumber';
  readonly min: number;
  readonly max: number;
  /** What the panel writes behind the number. */
  readonly unit?: 'ms' | 'days';
}

export interface Flag extends Described<boolean> {
  readonly kind: 'flag';
}

/** One of several words. The panel's text for an option is `field.<name>.<option>`. */
export interface Choice extends Described<string> {
  readonly kind: 'choice';
  readonly options: readonly string[];
}

/** A line of text; an empty one means that nothing is set. */
export interface Text extends Described<string> {
  readonly kind: 'text';
  /** In characters. */
  readonly maxLength: number;
  readonly rules: readonly TextRule[];
  /** What the panel shows in an empty input. */
  readonly example?: string;
}

/** Put before keys: it is empty, which is a value too, or ends with a slash. */
export interface Folder extends Described<string> {
  readonly kind: 'folder';
  readonly maxBytes: number;
  readonly rules: readonly TextRule[];
  readonly example?: string;
}

/** A text that never leaves the server; it is removed by null and not by an empty text. */
export interface Secret extends Described<string> {
  readonly kind: 'secret';
  readonly maxLength: number;
  readonly rules: readonly TextRule[];
  readonly public: false;
}

/** A cron expression. Its fields are bounded here; whether such a day ever comes is for the library that keeps schedules to say. */
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
 * Why a text cannot be the setting's value; null where it can. Server and panel both ask here, so they never disagree.
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

/** The English sentence for a value that is no number of this setting. */
export const wholeNumberFault = ({ min, max }: Pick<WholeNumber, 'min' | 'max'>) => `must be a whole number from ${min} to ${max}`;
