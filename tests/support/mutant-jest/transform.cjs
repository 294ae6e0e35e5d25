const { readFileSync } = require('node:fs');

const swc = require('@swc/jest');

/** Compiles as all suites do, but puts the text of `MUTANT_TEXT` in the place of the source file that `MUTANT_FILE` names. */
module.exports = {
  createTransformer(options) {
    const compiler = swc.createTransformer(options);
    const { MUTANT_FILE: file, MUTANT_TEXT: text } = process.env;
    const sourceOf = (source, name) => (name === file ? readFileSync(text, 'utf8') : source);
    return {
      process: (source, name, how) => compiler.process(sourceOf(source, name), name, how),
      getCacheKey: (source, name, how) => compiler.getCacheKey(sourceOf(source, name), name, how),
    };
  },
};
