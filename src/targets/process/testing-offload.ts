/** Work in threads and child processes, for tests. */
import { openLog } from '../../log.ts'
import { createOffload } from './offload.ts'
import type { Offload } from './ports.ts'

let shared: Offload | undefined

/**
 * One for all tests of a process, so that its threads and child processes stay warm: to start them anew for each test takes
 * longer than most tests. They end with the process. What a test has running it ends itself.
 */
export function sharedOffload(): Offload {
  shared ??= createOffload({ log: openLog('silent') })
  return shared
}
