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

export function writeJson(io: CommandIo, document: unknown): void {
  io.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}
