import { systemClock } from '../clock.ts'
import { openLog } from '../log.ts'
import { systemRandom } from '../random.ts'
import { openWorkspace, type Workspace, type WorkspaceOptions } from '../workspace/open.ts'
import type { CommonOptions } from './command.ts'

/** Opens the workspace of a command, runs `work` on it, and closes it again whatever happens. */
export async function withWorkspace<const Result>(
  options: CommonOptions,
  purpose: WorkspaceOptions['purpose'],
  work: (workspace: Workspace) => Promise<Result>,
): Promise<Result> {
  const workspace = await openWorkspace({
    stateFile: options.state,
    purpose,
    environment: process.env,
    clock: systemClock,
    random: systemRandom,
    // A command answers on stdout; its log is for those who ask for it.
    log: openLog(process.env.TRUEUP_LOG ?? 'warn'),
  })
  try {
    return await work(workspace)
  } finally {
    await workspace.close()
  }
}
