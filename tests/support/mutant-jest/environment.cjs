const { TestEnvironment } = require('jest-environment-node');

/** Skips the tests that come after the first unmet expectation, because one is enough to notice a mutant. */
module.exports = class FirstFailureEnvironment extends TestEnvironment {
  #over = false;

  handleTestEvent(event) {
    if (event.name === 'test_fn_failure' && /expect\(/.test(String(event.error?.message))) this.#over = true;
    if (event.name === 'test_start' && this.#over) event.test.mode = 'skip';
  }
};
