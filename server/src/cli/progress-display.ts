import { ERRORS, type ErrorCode } from '../contracts/errors';
import type { Clock } from '../core/clock';
import { tellsNoAnswer } from '../core/errors';
import { RunProgress } from '../core/runner/run-progress';
import type { Terminal } from './io';
import { progressLine, progressSentence, type LiveProgress } from './progress-line';
import { RateMeter } from './rate';

/** Shortest and longest time between two drawings on a terminal, and between two lines of a log (ms). */
const FASTEST_MS = 100;
const SLOWEST_MS = 1_000;
const LOG_MS = 10_000;

const CLEAR_LINE = '\r\u001b[K';

/** Shows a run while it goes on: in place on a terminal, otherwise as a line every ten seconds. */
export class ProgressDisplay {
  readonly #meter = new RateMeter();
  readonly #stopped = new AbortController();
  #progress: LiveProgress = new RunProgress().snapshot();
  #drawnAt = -Infinity;
  /** The code of the last wait that was shown, and the number of files that were done by then. */
  #told: { readonly code: ErrorCode; readonly done: number } | undefined;

  constructor(
    private readonly name: string,
    private readonly terminal: Terminal,
    private readonly clock: Pick<Clock, 'elapsed' | 'sleep'>,
  ) {
    this.#draw();
    void this.#tick();
  }

  update(progress: LiveProgress): void {
    this.#progress = progress;
    this.#tell(progress);
    if (this.clock.elapsed() - this.#drawnAt >= (this.terminal.isTTY ? FASTEST_MS : LOG_MS)) this.#draw();
  }

  /** Prints a line that stays. */
  note(text: string): void {
    this.terminal.write(`${this.terminal.isTTY ? CLEAR_LINE : ''}${text}\n`);
    if (this.terminal.isTTY) this.#draw();
  }

  stop(): void {
    this.#stopped.abort();
    if (this.terminal.isTTY) this.terminal.write(CLEAR_LINE);
  }

  #tell({ waitingFor, done }: LiveProgress): void {
    const before = this.#told;
    if (waitingFor && waitingFor !== before?.code) {
      this.#told = { code: waitingFor, done };
      this.note(`${ERRORS[waitingFor].message} ${tellsNoAnswer(waitingFor) ? 'It goes on by itself when S3 answers again.' : 'It is tried again.'}`);
    } else if (!waitingFor && before && done > before.done) {
      // a run that has done nothing may only have found S3 away again
      this.#told = undefined;
      if (tellsNoAnswer(before.code)) this.note('S3 answers again.');
    }
  }

  async #tick(): Promise<void> {
    const pause = this.terminal.isTTY ? SLOWEST_MS : LOG_MS;
    for (;;) {
      try {
        await this.clock.sleep(pause, this.#stopped.signal);
      } catch {
        return; // stopped
      }
      // a run that reports nothing for a while must still look alive
      if (this.clock.elapsed() - this.#drawnAt >= pause) this.#draw();
    }
  }

  #draw(): void {
    const now = this.clock.elapsed();
    this.#drawnAt = now;
    this.#meter.add(this.#progress, now);
    const rate = this.#meter.rate(this.#progress);
    const { isTTY, columns, write } = this.terminal;
    // the last column stays free: some terminals begin a new line when somebody writes to it
    if (isTTY) write(CLEAR_LINE + progressLine(this.name, this.#progress, rate, columns - 1));
    else write(`${progressSentence(this.name, this.#progress, rate)}\n`);
  }
}
