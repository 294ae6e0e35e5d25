import js from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['**/dist/', '**/node_modules/', '**/.strapi/', 'playground/types/', 'playground/build/', 'artifacts/', 'coverage/'] },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx,mts}'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      // an import of a type costs nothing at run time, and says so
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false }],
      // `return promise` inside `try` would let its failure pass the catch
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowNullish: true }],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      // the reason of an AbortSignal is typed `any`, and is passed on as it is
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingAny: true, allowThrowingUnknown: true }],
      '@typescript-eslint/no-dynamic-delete': 'off',
      // takes a flag for constant that another callback sets during an `await`
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // an `async` method that has nothing to wait for is how a memory implementation fits an asynchronous port
      '@typescript-eslint/require-await': 'off',
      // a method without `this` is common in object literals here; jest's matchers trip over it too
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['admin/src/**/*.{ts,tsx}'],
    extends: [reactHooks.configs.flat['recommended-latest']],
    rules: {
      // takes a fetch that an effect starts for a synchronous change of state
      'react-hooks/set-state-in-effect': 'off',
      // React's event handlers may be asynchronous
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
    },
  },
  {
    files: ['server/src/engine/**/*.ts'],
    // the composition root makes each part before another part is given it, even inside a function that runs later
    rules: { '@typescript-eslint/no-use-before-define': ['error', { functions: false, classes: false }] },
  },
  {
    files: ['tests/**/*.ts'],
    rules: {
      // after `expect(x).toBeDefined()` a test may say that x is there
      '@typescript-eslint/no-non-null-assertion': 'off',
      // answers of an API are checked by the expectations
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-misused-spread': 'off',
      // a test may throw what a careless caller would
      '@typescript-eslint/only-throw-error': 'off',
    },
  },
  { files: ['demo/**', 'scripts/**', 'bench/**'], rules: { 'no-console': 'off' } },
  {
    files: ['**/*.{js,cjs,mjs}'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', module: 'writable', require: 'readonly', __dirname: 'readonly', URL: 'readonly' } },
  },
);
