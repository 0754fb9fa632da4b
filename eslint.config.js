import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

const TESTS = ['**/*.test.ts', '**/*.e2e.ts', 'packages/testkit/src/suites/**', 'packages/*/src/e2e/**']

/** Things that a file may not import, whoever it is. `packages/testkit/src/layers.test.ts` checks the layers. */
const NO_OWN_INDEX = {
  patterns: [
    { regex: '^\\.{1,2}/(.*/)?index(\\.ts)?$', message: 'Import the module itself: index.ts is for other packages.' },
    { regex: '^@blackhole/[^/]+/src/', message: 'Import what the package exports.' },
  ],
}

const noDefaultExport = {
  selector: 'ExportDefaultDeclaration',
  message: 'Export by name: it is the same word everywhere.',
}

const noModuleState = {
  selector:
    'Program > VariableDeclaration[kind!="const"], Program > ExportNamedDeclaration > VariableDeclaration[kind!="const"]',
  message: 'No mutable state at module level: put it into a class or pass it.',
}

export default defineConfig(
  globalIgnores([
    '**/dist/**',
    '**/node_modules/**',
    '**/test-results/**',
    'packages/protocol/src/pb/*.ts',
    'examples/*/site/**',
    'examples/*/public/**',
    'packages/cli/bin/**',
    'eslint.config.js',
  ]),
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'max-lines': ['error', { max: 350 }],
      'no-restricted-imports': ['error', NO_OWN_INDEX],
      'no-restricted-syntax': ['error', noDefaultExport, noModuleState],
      eqeqeq: 'error',
      'no-console': 'error',
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // Numbers print as people expect; what prints badly (objects, null) stays an error.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // process.env.X and record['x'] differ under noPropertyAccessFromIndexSignature only; both are read easily.
      '@typescript-eslint/dot-notation': 'off',
      // `void` marks a promise that is left alone on purpose, also as the body of an arrow.
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidOperator: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // A method of an interface may have nothing to wait for in one implementation.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-invalid-void-type': ['error', { allowInGenericTypeArguments: true }],
    },
  },
  {
    // What talks to a terminal.
    files: [
      'scripts/**',
      'packages/cli/src/**',
      'benchmarks/**',
      'fuzz/**',
      'soak/**',
      'lab/**',
      'packages/sdk/src/loader/**',
      'packages/sdk/src/browser/**',
      'packages/sw/src/**',
    ],
    rules: { 'no-console': 'off' },
  },
  {
    // Tools demand a default export here.
    files: ['*.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: TESTS,
    rules: {
      'max-lines': 'off',
      'no-restricted-syntax': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      // `expect(...)` of half-typed things (JSON, page results) is what tests are for; `any` itself stays forbidden.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
    },
  },
)
