import { styleText } from 'node:util';

/** The claims of the demo, each with its proof. A claim that does not hold fails `--check`. */
export class Claims {
  private held = 0;
  private failed = 0;

  check(claim: string, holds: boolean): void {
    if (holds) this.held += 1;
    else this.failed += 1;
    console.log(`  ${holds ? styleText('green', '✔') : styleText('red', '✖')} ${claim}`);
  }

  get allHold(): boolean {
    return this.failed === 0;
  }

  get summary(): string {
    return `${this.held} claims hold, ${this.failed} do not`;
  }
}
