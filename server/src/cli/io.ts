export interface Terminal {
  write(text: string): void;
  readonly isTTY: boolean;
  readonly columns: number;
}

/** The parts of its process that a command may use. */
export interface CommandIo {
  /** Takes the answer: texts for people, or one JSON document. */
  readonly stdout: Terminal;
  /** Takes everything else: progress, questions, errors. */
  readonly stderr: Terminal;
  /** Asks, and returns the line that somebody typed, or an empty text if they gave up. Null if nobody is there to ask. */
  readonly ask: ((question: string) => Promise<string>) | null;
  /** Calls the listener at each SIGINT and SIGTERM, which no longer end the process. The returned function ends that. */
  onInterrupt(listener: () => void): () => void;
  /** Ends the process at once, in the middle of any work. */
  quit(code: number): void;
}

/**
 * The exit codes. `FAILED`: files failed, the job is not complete, or something is wrong. `USAGE`: the arguments are wrong, or the folder
 * is not a project with this plugin. `BLOCKED`: the job could not begin, and the command says why.
 */
export const EXIT = { DONE: 0, FAILED: 1, USAGE: 2, BLOCKED: 3, INTERRUPTED: 130 } as const;

/** Characters that change the direction of a terminal's text or end its line. In JSON an escape means the same. */
const DIRECTING = /[\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

export function writeJson(io: CommandIo, document: unknown): void {
  const text = JSON.stringify(document, null, 2).replace(DIRECTING, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
  io.stdout.write(`${text}\n`);
}
