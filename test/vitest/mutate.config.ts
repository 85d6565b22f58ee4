import { defineConfig } from 'vitest/config'
import { endThread, oneThread } from './one-thread.ts'

/** For `npm run mutate`, which chooses the files: no build, one thread for all runs, properties tried in the same order each time. */
export default defineConfig({
  plugins: [
    {
      name: 'one-thread',
      // Stryker asks for its own pool when it starts vitest, so that what stands in this file would not count.
      configureVitest({ project, vitest }) {
        project.config.pool = oneThread.name
        project.config.poolRunner = oneThread
        vitest.onClose(endThread)
      },
    },
  ],
  test: {
    isolate: false,
    include: ['src/**/*.test.ts'],
    setupFiles: ['test/vitest/mutate-setup.ts'],
    testTimeout: 30_000,
  },
})
