import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { converge } from '../../engine/engine.ts'
import { keyText } from '../../engine/resource.ts'
import { requestUndo, type UndoResult } from '../../engine/undo-request.ts'
import { type ActionView, needsPerson } from '../../engine/view.ts'
import type { Workspace } from '../../workspace/open.ts'
import { type CommandRun, type CommonOptions, common, type ExitStatus, runCommand } from '../command.ts'
import { type Answered, type Controller, controllerOf } from '../controller.ts'
import { currentViews } from '../views.ts'
import { withWorkspace } from '../workspace.ts'

/** `approvals`, `approve`, `reject`, `undo`: what waits for a person, and the person's answers. */
export function registerQueue(program: Command): void {
  common(program.command('approvals'), ['trueup approvals', 'trueup approvals --json'])
    .summary('what waits for a person')
    .action((options: CommonOptions) =>
      runCommand(options, (run) =>
        withWorkspace(options, 'look', async (workspace) => {
          const { views } = await currentViews(workspace, run)
          const items = views.flatMap((view) => view.actions).filter(needsPerson)
          run.answer({ items }, () => printWaiting(run, items))
          return items.length > 0 ? 2 : 0
        }),
      ),
    )

  common(program.command('approve <id...>'), [
    'trueup approve 3fa91c0b2d4e',
    'trueup approve 3fa91c0b2d4e --comment "checked with Ann"',
  ])
    .summary('approve repairs as they were shown')
    .description(
      'Records your approval of exactly these repairs on exactly the evidence they were shown with. A running controller carries them out at once, else the next `trueup apply` does. Exit status 3 when one is refused as stale.',
    )
    .option('--comment <text>', 'why; kept in the journal')
    .action((ids: string[], options: CommonOptions & { comment?: string }) =>
      runCommand(options, async (run) => {
        const answered = await answer(options, run, {
          remotely: (controller) => controller.approve(ids, options.comment),
          here: (workspace) => ids.map((id) => approveHere(workspace, id, options.comment)),
        })
        return printAnswers(run, answered, 'approved')
      }),
    )

  common(program.command('reject <id...>'), ['trueup reject 3fa91c0b2d4e --reason "the old spelling is right"'])
    .summary('reject repairs; they are not proposed again until the evidence changes')
    .requiredOption('--reason <text>', 'why; shown to others and kept in the journal')
    .action((ids: string[], options: CommonOptions & { reason: string }) =>
      runCommand(options, async (run) => {
        const answered = await answer(options, run, {
          remotely: (controller) => controller.reject(ids, options.reason),
          here: ({ engine }) =>
            ids.map(
              (id): Answered =>
                engine.reject({ actionId: id, actor: localActor(), reason: options.reason })
                  ? { id, is: 'done', message: 'rejected' }
                  : { id, is: 'refused', message: 'it is not pending' },
            ),
        })
        return printAnswers(run, answered, 'rejected')
      }),
    )

  common(program.command('undo <id>'), ['trueup undo 3fa91c0b2d4e', 'trueup undo run-8c1f02ab77'])
    .summary('take back what an action or a run did')
    .description(
      'Restores rows and cells from their before-images, newest first. Records that were changed since are listed and left alone. What was undone is not applied again until it is approved or the declaration is edited.',
    )
    .action((id: string, options: CommonOptions) =>
      runCommand(options, async (run) => {
        const controller = await controllerOf(options)
        return controller === undefined ? undoHere(id, options, run) : undoThere(id, controller, run)
      }),
    )
}

/** The person at this terminal. */
export function localActor(): string {
  return `local:${userInfo().username}`
}

function undoHere(id: string, options: CommonOptions, run: CommandRun): Promise<ExitStatus> {
  return withWorkspace(options, 'act', async (workspace) => {
    const results = await requestUndo({ id, actor: localActor(), signal: run.signal }, workspace.engine)
    run.answer({ items: results }, ({ line, colour }) => {
      for (const result of results) line(undoLine(result, colour))
    })
    if (results.some((result) => result.is === 'failed')) return 1
    return results.some((result) => result.is === 'waiting' || result.is === 'by-hand') ? 2 : 0
  })
}

async function undoThere(id: string, controller: Controller, run: CommandRun): Promise<ExitStatus> {
  const { items, conflicts, byHand } = await controller.undo(id)
  run.answer({ items, conflicts, byHand }, ({ line, colour }) => {
    for (const { actionId, undoId, state } of items) {
      line(
        state === 'verified'
          ? `${colour.green('✓')} ${actionId} undone`
          : `${colour.yellow('○')} ${actionId}: the undo waits as ${undoId}`,
      )
    }
    for (const { actionId, steps } of byHand) line(byHandLine(actionId, steps, colour))
    if (conflicts.length > 0) line(colour.yellow(`Left alone, since they changed meanwhile: ${conflicts.join(', ')}`))
  })
  return byHand.length > 0 || items.some(({ state }) => state !== 'verified') ? 2 : 0
}

interface Ways {
  readonly remotely: (controller: Controller) => Promise<readonly Answered[]>
  readonly here: (workspace: Workspace) => readonly Answered[]
}

/** Through the API of a running controller, or by a fresh look in this process. */
async function answer(options: CommonOptions, run: CommandRun, ways: Ways): Promise<readonly Answered[]> {
  const controller = await controllerOf(options)
  if (controller !== undefined) return ways.remotely(controller)
  return withWorkspace(options, 'act', async (workspace) => {
    // What is approved is what stands now: nothing runs in this look.
    await converge(workspace.engine, { keys: undefined, actor: localActor(), signal: run.signal, only: new Set() })
    return ways.here(workspace)
  })
}

function approveHere({ engine }: Workspace, id: string, comment: string | undefined): Answered {
  const result = engine.approve({ actionId: id, approver: localActor(), ...(comment === undefined ? {} : { comment }) })
  switch (result.is) {
    case 'approved':
      return result.given < result.needed
        ? { id, is: 'done', message: `approved; ${result.needed - result.given} more person has to approve` }
        : { id, is: 'done', message: 'approved; `trueup apply` carries it out' }
    case 'stale':
      return {
        id,
        is: 'refused',
        message: `${result.message}${result.successor === undefined ? '' : `; in its place stands ${result.successor}`}`,
      }
    case 'not-found':
      return { id, is: 'refused', message: 'no repair has that id' }
    default:
      return { id, is: 'refused', message: result.message }
  }
}

function printAnswers(run: CommandRun, answered: readonly Answered[], done: string): ExitStatus {
  const refused = answered.filter((one) => one.is === 'refused')
  run.answer({ items: answered }, ({ line, colour }) => {
    for (const one of answered)
      line(`${one.is === 'done' ? colour.green('✓') : colour.red('✗')} ${one.id} ${one.message}`)
    if (refused.length === 0) line(colour.dim(`${answered.length} ${done}.`))
  })
  return refused.length > 0 ? 3 : 0
}

function printWaiting(run: CommandRun, items: readonly ActionView[]): void {
  const { line, colour } = run.terminal
  if (items.length === 0) {
    line('Nothing waits for a person.')
    return
  }
  for (const item of items) {
    line(`${colour.bold(item.id)} ${keyText(item.resource)}: ${item.summary} ${colour.yellow(item.risk)}`)
    for (const reason of item.gate.reasons) line(colour.dim(`    ${reason.message}`))
    for (const cell of item.preview.slice(0, 2))
      line(colour.dim(`    ${cell.field}: ${JSON.stringify(cell.before)} → ${JSON.stringify(cell.after)}`))
  }
  line(colour.dim(`Approve: trueup approve ${items[0]?.id}   Reject: trueup reject ${items[0]?.id} --reason "…"`))
}

function undoLine(result: UndoResult, colour: CommandRun['terminal']['colour']): string {
  switch (result.is) {
    case 'undone':
      return `${colour.green('✓')} ${result.actionId} undone: ${result.changed} records restored${result.conflicts.length > 0 ? colour.yellow(`; left alone, since they changed meanwhile: ${result.conflicts.join(', ')}`) : ''}`
    case 'waiting':
      return `${colour.yellow('○')} ${result.actionId}: the undo waits as ${result.undoId}: ${result.gate.reasons.map((reason) => reason.message).join('; ')}`
    case 'by-hand':
      return byHandLine(result.actionId, result.steps, colour)
    default:
      return `${colour.red('✗')} ${result.actionId}: ${result.message}`
  }
}

function byHandLine(actionId: string, steps: string, colour: CommandRun['terminal']['colour']): string {
  return `${colour.yellow('○')} ${actionId} is undone by hand: ${steps}`
}
