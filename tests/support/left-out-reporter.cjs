const path = require('node:path');

const { SearchSource } = require('jest');

/** The suites that may skip tests, each with the condition. A skip elsewhere would pass for a test that ran. */
const MAY_SKIP = {
  // SQLite allows no second process, and the suite says why
  'tests/integration/replicas.test.ts': () => !process.env.TEST_DATABASE_URL,
  // the suite starts a PostgreSQL of its own, where one is installed
  'tests/integration/database-away.test.ts': () => process.env.TEST_DATABASE_URL === undefined,
};

/** Says after a run which suites its arguments left out and which tests were skipped. In CI an unforeseen skip fails the run. */
module.exports = class LeftOutReporter {
  #rootDir;
  #error;

  constructor(globalConfig) {
    this.#rootDir = globalConfig.rootDir;
  }

  async onRunComplete(contexts, results) {
    const name = (file) => path.relative(this.#rootDir, file).split(path.sep).join('/');
    const ran = new Set(results.testResults.map(({ testFilePath }) => name(testFilePath)));
    const all = [...contexts].flatMap((context) => [...context.hasteFS.getAllFiles()].filter((file) => new SearchSource(context).isTestFilePath(file)).map(name));
    const leftOut = new Map();
    for (const file of all.filter((file) => !ran.has(file))) {
      // a folder in which nothing ran appears as one name
      const folder = `${file.split('/').slice(0, 2).join('/')}/`;
      const shown = [...ran].some((other) => other.startsWith(folder)) ? file : folder;
      leftOut.set(shown, (leftOut.get(shown) ?? 0) + 1);
    }
    const skipped = results.testResults
      .filter(({ skipped, numPendingTests }) => skipped || numPendingTests > 0)
      .map(({ testFilePath, numPendingTests }) => ({ file: name(testFilePath), count: numPendingTests }));
    const shown = [...leftOut].map(([what, count]) => (what.endsWith('/') ? `${what} (${count})` : what)).sort();
    if (shown.length > 0) process.stdout.write(`not run here: ${shown.join(', ')}\n`);
    for (const { file, count } of skipped) process.stdout.write(`skipped: ${count || 'all'} of ${file}\n`);
    const unforeseen = skipped.filter(({ file }) => !MAY_SKIP[file]?.());
    if (process.env.CI && unforeseen.length > 0) this.#error = new Error(`skipped in CI: ${unforeseen.map(({ file }) => file).join(', ')}`);
  }

  getLastError() {
    if (this.#error) process.stderr.write(`${this.#error.message}\n`);
    return this.#error;
  }
};
