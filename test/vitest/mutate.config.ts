import { defineConfig } from 'vitest/config'

/** For `npm run mutate`, which chooses the files: no build, and properties tried in the same order each time. */
export default defineConfig({
  test: {
    isolate: false,
    include: ['src/**/*.test.ts'],
    setupFiles: ['test/vitest/mutate-setup.ts'],
    testTimeout: 30_000,
  },
})
