import type { Command } from 'commander'
import { isoOf, systemClock } from '../../clock.ts'
import { keyText, parseKey } from '../../engine/resource.ts'
import { type UndoSelection, undoTargets } from '../../engine/undo.ts'
import { requestUndo, type UndoResult } from '../../engine/undo-request.ts'
import { OperationalError } from '../../errors.ts'
import { type CommandRun, type CommonOptions, common, type ExitStatus, runCommand } from '../command.ts'
import { type Controller, controllerOf, type RemoteUndo } from '../controller.ts'
import { localActor } from '../local-actor.ts'
import { momentOf } from '../moment.ts'
import { withWorkspace } from '../workspace.ts'

interface UndoOptions extends CommonOptions {
  readonly since?: string
  readonly resource?: string
  readonly dryRun?: boolean
}

type Colour = CommandRun['terminal']['colour']

export function registerUndo(program: Command): void {
  common(program.command('undo [id]'), [
    'trueup undo 3fa91c0b2d4e',
    'trueup undo run-8c1f02ab77',
    'trueup undo --since 2h --resource table/leads --dry-run',
  ])
    .summary('take back what an action or a run did, or all since a moment')
    .description(
      'Restores rows and cells from their before-images, newest first. Records that were changed since are listed and left alone. What was undone is not applied again until it is approved or the declaration is edited.',
    )
    .option('--since <time>', 'all that was carried out since: a date, a moment, or how long ago (2h)')
    .option('--resource <kind/name>', 'with --since: of this resource alone')
    .option('--dry-run', 'show what would be taken back; nothing is done')
    .action((id: string | undefined, options: UndoOptions) =>
      runCommand(options, async (run) => {
        const of = selectionOf(id, options)
        if (options.dryRun === true) return showTargets(of, options, run)
        const controller = await controllerOf(options)
        return controller === undefined ? undoHere(of, options, run) : undoThere(of, controller, run)
      }),
    )
}

function selectionOf(id: string | undefined, { since, resource }: UndoOptions): UndoSelection {
  const usage = (message: string) =>
    new OperationalError('USAGE', message, {
      hint: 'See `trueup undo --help`; `trueup audit export` lists the actions.',
    })
  if ((id === undefined) === (since === undefined)) throw usage('undo takes either an id or --since')
  if (id !== undefined) {
    if (resource !== undefined) throw usage('--resource goes with --since')
    return { is: 'id', id }
  }
  if (resource !== undefined && parseKey(resource) === undefined) throw usage(`--resource ${resource} is no kind/name`)
  return { is: 'since', sinceMs: momentOf('--since', since ?? '', systemClock.nowMs()), resource }
}

function showTargets(of: UndoSelection, options: CommonOptions, run: CommandRun): Promise<ExitStatus> {
  return withWorkspace(options, 'look', async ({ engine }) => {
    const items = undoTargets(of, engine.ledger).map(({ action, runId, changedAtMs }) => ({
      id: action.id,
      runId: runId ?? null,
      at: isoOf(changedAtMs),
      resource: action.resource,
      summary: action.summary,
      reversible: action.reversible,
    }))
    run.answer({ items }, ({ line, table }) => {
      if (items.length === 0) line('Nothing was carried out that could be taken back.')
      else
        table(
          ['id', 'at', 'resource', 'what it did', 'undo'],
          items.map((item) => [item.id, item.at, keyText(item.resource), item.summary, item.reversible]),
        )
    })
    return items.length > 0 ? 2 : 0
  })
}

function undoHere(of: UndoSelection, options: CommonOptions, run: CommandRun): Promise<ExitStatus> {
  return withWorkspace(options, 'act', async (workspace) => {
    const results = await requestUndo({ of, actor: localActor(), signal: run.signal }, workspace.engine)
    run.answer({ items: results }, ({ line, colour }) => {
      for (const result of results) line(undoLine(result, colour))
      if (results.length === 0) line('Nothing was carried out that could be taken back.')
    })
    if (results.some((result) => result.is === 'failed')) return 1
    return results.some((result) => result.is !== 'undone') ? 2 : 0
  })
}

async function undoThere(of: UndoSelection, controller: Controller, run: CommandRun): Promise<ExitStatus> {
  const undone = await controller.undo(of)
  run.answer(undone, ({ line, colour }) => printThere(undone, line, colour))
  const isWhole = [undone.byHand, undone.left].every((items) => items.length === 0)
  return isWhole && undone.items.every(({ state }) => state === 'verified') ? 0 : 2
}

function printThere(
  { items, conflicts, byHand, left }: RemoteUndo,
  line: (text: string) => void,
  colour: Colour,
): void {
  for (const { actionId, undoId, state } of items) {
    line(
      state === 'verified'
        ? `${colour.green('✓')} ${actionId} undone`
        : `${colour.yellow('○')} ${actionId}: the undo waits as ${undoId}`,
    )
  }
  for (const { actionId, steps } of byHand) line(byHandLine(actionId, steps, colour))
  for (const { actionId, message } of left) line(leftLine(actionId, message, colour))
  if (conflicts.length > 0) line(colour.yellow(`Left alone, since they changed meanwhile: ${conflicts.join(', ')}`))
  if (items.length + byHand.length + left.length === 0) line('Nothing was carried out that could be taken back.')
}

function undoLine(result: UndoResult, colour: Colour): string {
  switch (result.is) {
    case 'undone':
      return `${colour.green('✓')} ${result.actionId} undone: ${result.changed} records restored${result.conflicts.length > 0 ? colour.yellow(`; left alone, since they changed meanwhile: ${result.conflicts.join(', ')}`) : ''}`
    case 'waiting':
      return `${colour.yellow('○')} ${result.actionId}: the undo waits as ${result.undoId}: ${result.gate.reasons.map((reason) => reason.message).join('; ')}`
    case 'by-hand':
      return byHandLine(result.actionId, result.steps, colour)
    default:
      return leftLine(result.actionId, result.message, colour)
  }
}

function byHandLine(actionId: string, steps: string, colour: Colour): string {
  return `${colour.yellow('○')} ${actionId} is undone by hand: ${steps}`
}

function leftLine(actionId: string, message: string, colour: Colour): string {
  return `${colour.red('✗')} ${actionId}: ${message}`
}
