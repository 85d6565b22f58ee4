import { defineConfig } from 'vitest/config'

const alias = [
  // graphql ships CommonJS and ESM side by side; without this, vitest loads both and its instanceof checks fail.
  { find: /^graphql$/, replacement: 'graphql/index.js' },
]

export default defineConfig({
  resolve: { alias },
  test: {
    globalSetup: ['test/vitest/build-once.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'unit', include: ['src/**/*.test.ts'] } },
      {
        extends: true,
        test: { name: 'system', include: ['test/**/*.test.ts'], exclude: ['test/docs/**'], testTimeout: 120_000 },
      },
      { extends: true, test: { name: 'docs', include: ['test/docs/**/*.test.ts'] } },
    ],
  },
})
