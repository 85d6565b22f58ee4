import { converge } from '../engine/engine.ts'
import { readKeptViews } from '../engine/status-store.ts'
import { type StatusView, viewOf } from '../engine/view.ts'
import type { Workspace } from '../workspace/workspace.ts'
import type { CommandRun } from './command.ts'

/** Where the views come from. */
export interface CurrentViews {
  readonly views: readonly StatusView[]
  /** A running controller's last looks, or a look made for this command. */
  readonly from: 'controller' | 'look'
}

/** What is known of every resource: from the controller that runs, or by looking now. Changes nothing. */
export async function currentViews(workspace: Workspace, run: CommandRun): Promise<CurrentViews> {
  const { engine, journal } = workspace
  const keys = engine.declaration().resources.map(({ declared }) => declared.key)
  if (workspace.controller() !== undefined) {
    const views = readKeptViews(journal, keys)
    if (views.length === keys.length) return { views, from: 'controller' }
  }
  engine.onProgress(({ resource, done, total }) => run.terminal.progress(resource, done, total))
  await converge(engine, { keys: undefined, actor: 'local', signal: run.signal })
  run.terminal.progressDone()
  return { views: engine.statuses.all().map(viewOf), from: 'look' }
}
