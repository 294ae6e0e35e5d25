/** Suspects in one question to the library. A question about many costs little more than one about a single file. */
const AT_ONCE = 2_000;

/** Collects the rows, objects or files that the library may not list, until there are enough for one question. */
export class Suspects<T> {
  #kept: T[] = [];

  /** @param judge asks the library; it gets each suspect once */
  constructor(private readonly judge: (suspects: readonly T[]) => Promise<void>) {}

  add(...suspects: readonly T[]): void {
    this.#kept.push(...suspects);
  }

  /** Judges the suspects, if there are enough for one question. */
  async judgeMany(): Promise<void> {
    if (this.#kept.length >= AT_ONCE) await this.judgeAll();
  }

  async judgeAll(): Promise<void> {
    const suspects = this.#kept;
    this.#kept = [];
    for (let from = 0; from < suspects.length; from += AT_ONCE) await this.judge(suspects.slice(from, from + AT_ONCE));
  }
}
