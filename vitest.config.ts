import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/vitest/longest-first.ts'

const alias = [
  // graphql ships CommonJS and ESM side by side; without this, vitest loads both and its instanceof checks fail.
  { find: /^graphql$/, replacement: 'graphql/index.js' },
]

/**
 * What takes longest: many lives of the program, killed, filled up or disturbed again and again. `npm run test:long` runs these
 * files, `npm test` all the others, so that a change is checked in less than twenty minutes on two slow cores.
 */
const long = [
  'test/backups/airtable-recovery.test.ts',
  'test/backups/drill.test.ts',
  'test/sync/{crash-points,interleavings,outage}.test.ts',
  'test/system/{duplicates-airtable,faults,hostile-services,kill-apply,sync-kill,undo-choices,undo-everything}.test.ts',
]
const { TRUEUP_TESTS: chosen } = process.env

export default defineConfig({
  resolve: { alias },
  test: {
    globalSetup: ['test/vitest/build-once.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Three at a time took as long on two cores, for more processor time, and more tests met a deadline.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    projects: [
      // In one process one file after the other: to read and translate the same modules for each file anew took a quarter of the time.
      // Nothing there may keep what another file meets; what needs a process of its own is started by its test.
      // Many of them wait for timers, locks and processes: three at a time keep two cores busy.
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts'],
          isolate: false,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: chosen === 'long' ? long : ['test/**/*.test.ts'],
          exclude: ['test/docs/**', ...(chosen === undefined ? long : [])],
          testTimeout: 120_000,
        },
      },
      { extends: true, test: { name: 'docs', include: ['test/docs/**/*.test.ts'], testTimeout: 120_000 } },
    ],
  },
})
