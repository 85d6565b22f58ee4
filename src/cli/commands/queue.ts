import type { Command } from 'commander'
import { converge } from '../../engine/engine.ts'
import { keyText } from '../../engine/resource.ts'
import { type ActionView, needsPerson } from '../../engine/view.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { type CommandRun, type CommonOptions, common, type ExitStatus, runCommand } from '../command.ts'
import { type Answered, type Controller, controllerOf } from '../controller.ts'
import { localActor } from '../local-actor.ts'
import { currentViews } from '../views.ts'
import { withWorkspace } from '../workspace.ts'

/** `approvals`, `approve`, `reject`: what waits for a person, and the person's answers. */
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
