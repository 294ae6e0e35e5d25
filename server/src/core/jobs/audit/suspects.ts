/** The most that is asked of the library at once: many in one question cost little more than one. */
const AT_ONCE = 2_000;

/** What may not be listed by the library, kept until there is enough of it for one question. */
export class Suspects<T> {
  #kept: T[] = [];

  /** @param judge asks the library; is given each suspect once */
  constructor(private readonly judge: (suspects: readonly T[]) => Promise<void>) {}

  add(...suspects: readonly T[]): void {
    this.#kept.push(...suspects);
  }

  /** Once there are enough of them. */
  async judgeMany(): Promise<void> {
    if (this.#kept.length >= AT_ONCE) await this.judgeAll();
  }

  async judgeAll(): Promise<void> {
    const suspects = this.#kept;
    this.#kept = [];
    for (let from = 0; from < suspects.length; from += AT_ONCE) await this.judge(suspects.slice(from, from + AT_ONCE));
  }
}
