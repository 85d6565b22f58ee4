import { systemClock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import { openLog } from '../log.ts'
import { systemRandom } from '../random.ts'
import { openWorkspace } from '../workspace/open.ts'
import type { Workspace, WorkspaceOptions } from '../workspace/workspace.ts'
import type { CommonOptions } from './command.ts'

/** Opens the workspace of a command, runs `work` on it, and closes it again whatever happens. */
export async function withWorkspace<const Result>(
  options: CommonOptions,
  purpose: WorkspaceOptions['purpose'],
  work: (workspace: Workspace) => Promise<Result>,
): Promise<Result> {
  // A command answers on stdout; its log is for those who ask for it.
  const log = openLog(process.env.TRUEUP_LOG ?? 'warn')
  const workspace = await openWorkspace({
    stateFile: options.state,
    purpose,
    environment: process.env,
    clock: systemClock,
    random: systemRandom,
    log,
  })
  let result: Result
  try {
    result = await work(workspace)
  } catch (error) {
    // What went wrong first is what the person must hear of.
    await workspace
      .close()
      .catch((closing: unknown) => log.warn({ err: messageOf(closing) }, 'a file could not be closed as it should'))
    throw error
  }
  await workspace.close()
  return result
}
