export interface Terminal {
  write(text: string): void;
  readonly isTTY: boolean;
  readonly columns: number;
}

/** What a command has of the process it runs in. */
export interface CommandIo {
  /** The answer: texts for people, or one JSON document. */
  readonly stdout: Terminal;
  /** Everything else: progress, questions, complaints. */
  readonly stderr: Terminal;
  /** The line that somebody typed, empty where they gave up; null: nobody is there to be asked. */
  readonly ask: ((question: string) => Promise<string>) | null;
  /** Calls back at each SIGINT and SIGTERM, which end the process no more, until the answered function is called. */
  onInterrupt(listener: () => void): () => void;
  /** Ends the process at once, whatever is in hand. */
  quit(code: number): void;
}

/**
 * How a command ends. `FAILED`: with failures, not complete, or something is wrong; `USAGE`: bad arguments, or not a project
 * with this plugin; `BLOCKED`: it could not begin, for a reason that it says.
 */
export const EXIT = { DONE: 0, FAILED: 1, USAGE: 2, BLOCKED: 3, INTERRUPTED: 130 } as const;

/** What turns the direction of a terminal's text round, or ends its line: in JSON it says the same as an escape. */
const DIRECTING = /[\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

export function writeJson(io: CommandIo, document: unknown): void {
  const text = JSON.stringify(document, null, 2).replace(DIRECTING, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
  io.stdout.write(`${text}\n`);
}
