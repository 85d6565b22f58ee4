/**
 * The order of test files. A fresh checkout has no record of how long each took, and vitest then goes by their size in bytes:
 * a short file that waits for a whole demo came last, and one core stood idle for minutes.
 */
import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What takes more than twenty seconds on two slow cores, the longest first. */
const longest = [
  'test/tour/start.test.ts',
  'test/system/duplicates.test.ts',
  'test/system/cli-contract.test.ts',
  'test/system/approvals.test.ts',
  'test/system/erasure.test.ts',
  'test/tour/readme.test.ts',
  'test/dashboard/desk.test.ts',
  'test/system/desired-state-edits.test.ts',
  'test/system/sync-commands.test.ts',
  'test/system/quality.test.ts',
  'test/dashboard/page.test.ts',
  'test/system/services.test.ts',
  'test/system/controller.test.ts',
  'test/backups/sets.test.ts',
  'test/system/init.test.ts',
  'test/system/airtable.test.ts',
  'test/docs/graphql.test.ts',
  'test/system/sync-refusals.test.ts',
  'test/system/sync-controller.test.ts',
  'test/backups/restore.test.ts',
  'test/system/backup-commands.test.ts',
  'test/sandbox/page.test.ts',
  'test/system/package.test.ts',
]

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const gone = longest.filter((file) => !existsSync(file))
    if (gone.length > 0) throw new Error(`test/vitest/longest-first.ts names what is not there: ${gone.join(', ')}`)
    const usual = await super.sort(files)
    return usual.sort((a, b) => groupOf(a) - groupOf(b) || rankOf(a) - rankOf(b))
  }
}

function groupOf({ project }: TestSpecification): number {
  return project.config.sequence.groupOrder
}

/** Files that are not named come behind those that are, in the order they have already. */
function rankOf({ moduleId }: TestSpecification): number {
  const rank = longest.indexOf(relative(process.cwd(), moduleId))
  return rank === -1 ? longest.length : rank
}
