import type { Action } from './action.ts'
import type { ExecuteContext } from './executor.ts'

/** Sees to it that what an action of some risk touches has been backed up before the action begins. Knows what, the engine does not. */
export interface Safeguard {
  /** What has to be made first, as a sentence for a person; undefined where nothing has. Reads only. */
  ahead(action: Action): string | undefined
  /**
   * Makes it where it is missing. Gives the id of the set that covers the action; undefined where none is asked for. Throws
   * BACKUP_BEFORE_FAILED: then the action must not begin.
   */
  ensure(action: Action, context: ExecuteContext): Promise<string | undefined>
}
