import vue from 'eslint-plugin-vue'
import typescript from 'typescript-eslint'

/** The floors, lowest first: a floor may import from lower ones only; admin and mail never from each other. */
const FORBIDDEN = {
  kit: ['shared', 'forms', 'admin', 'mail'],
  shared: ['forms', 'admin', 'mail'],
  forms: ['admin', 'mail'],
  admin: ['mail'],
  mail: ['admin'],
}

const floors = Object.entries(FORBIDDEN).map(([floor, others]) => ({
  files: [`${floor}/**/*.{ts,vue}`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: others.map((other) => ({
          regex: `^(\\.\\./)+${other}(/|$)`,
          message: `${floor} may not import from ${other} (kit < shared < forms < admin, mail).`,
        })),
      },
    ],
  },
}))

export default [
  { ignores: ['dist', 'node_modules', 'dsm'] },
  ...typescript.configs.recommended,
  ...vue.configs['flat/recommended'],
  {
    files: ['**/*.vue'],
    languageOptions: { parserOptions: { parser: typescript.parser, extraFileExtensions: ['.vue'] } },
  },
  {
    rules: {
      'vue/multi-word-component-names': 'off',
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-indent': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/require-default-prop': 'off',
      'vue/no-v-html': 'error',
      'max-lines': ['error', 300],
      eqeqeq: 'error',
      'no-eval': 'error',
    },
  },
  ...floors,
]
