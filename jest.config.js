const swc = ['@swc/jest', { jsc: { parser: { syntax: 'typescript', tsx: true }, target: 'es2022' }, module: { type: 'commonjs' } }];

const project = (displayName, folders) => ({
  displayName,
  testEnvironment: 'node',
  roots: ['<rootDir>/tests'],
  testMatch: [`**/tests/${folders}/**/*.test.ts`],
  transform: { '^.+\\.tsx?$': swc },
});

module.exports = {
  projects: [
    // no Strapi; the contract suites start the S3 server and the databases they find
    project('unit', '{architecture,contract,core,adapters,chaos,simulation,http,admin,cli,engine}'),
    // a real Strapi in a child process
    project('integration', 'integration'),
    // the same, with a browser at its panel
    project('e2e', 'e2e'),
  ],
  globalSetup: '<rootDir>/tests/support/jest-setup.ts',
  reporters: ['default', '<rootDir>/tests/support/left-out-reporter.cjs'],
  testTimeout: 30_000,
};
