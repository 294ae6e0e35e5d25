const path = require('node:path');

const swc = { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } };

/** The suite of `MUTANT_TESTS`, on a source that lacks a guard. See `scripts/suite-mutants.ts`. */
module.exports = {
  rootDir: path.resolve(__dirname, '../../..'),
  roots: ['<rootDir>/tests'],
  testMatch: [`**/tests/${process.env.MUTANT_TESTS}`],
  testEnvironment: '<rootDir>/tests/support/mutant-jest/environment.cjs',
  transform: { '^.+\\.ts$': ['<rootDir>/tests/support/mutant-jest/transform.cjs', swc] },
  reporters: [],
  testTimeout: 30_000,
};
