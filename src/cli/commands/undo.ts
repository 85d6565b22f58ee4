import { type Command, Option } from 'commander'
import { isoOf, systemClock } from '../../clock.ts'
import { keyText, parseKey } from '../../engine/resource.ts'
import type { UndoSelection } from '../../engine/undo.ts'
import { conflictViews } from '../../engine/undo-conflict-view.ts'
import { previewUndo } from '../../engine/undo-preview.ts'
import { requestUndo, type UndoResult } from '../../engine/undo-request.ts'
import { type UndoChoice, undoKeysMax } from '../../engine/undo-rows.ts'
import { OperationalError } from '../../errors.ts'
import { type CommandRun, type CommonOptions, common, type ExitStatus, runCommand } from '../command.ts'
import { type Controller, controllerOf, type RemoteUndo } from '../controller.ts'
import { localActor } from '../local-actor.ts'
import { momentOf } from '../moment.ts'
import type { Terminal } from '../terminal.ts'
import { chooseHint, printConflicts } from '../undo-text.ts'
import { withWorkspace } from '../workspace.ts'

interface UndoOptions extends CommonOptions {
  readonly since?: string
  readonly resource?: string
  readonly key: readonly string[]
  readonly onConflict: UndoChoice['onConflict']
  readonly keepTheirs: readonly string[]
  readonly take: readonly string[]
  readonly dryRun?: boolean
}

/** What is to be taken back, and how. */
interface Asked {
  readonly of: UndoSelection
  readonly choice: UndoChoice
}

type Colour = CommandRun['terminal']['colour']

export function registerUndo(program: Command): void {
  common(program.command('undo [id]'), [
    'trueup undo 3fa91c0b2d4e',
    'trueup undo run-8c1f02ab77 --dry-run',
    'trueup undo run-8c1f02ab77 --resource standardization/leads --key 17 --key 18',
    'trueup undo 3fa91c0b2d4e --take 17 --keep-theirs 18 --on-conflict stop',
    'trueup undo --since 2h --resource table/leads --dry-run',
  ])
    .summary('take back what an action or a run did, or all since a moment, as a whole or record by record')
    .description(
      'Restores rows and cells from their before-images, newest first. Records that were changed since are listed and left alone, unless they are to be taken back all the same. What was undone is not applied again until it is approved or the declaration is edited.',
    )
    .option('--since <time>', 'all that was carried out since: a date, a moment, or how long ago (2h)')
    .option('--resource <kind/name>', 'what was done to this resource alone')
    .option('--key <key>', 'only the record with this key; may be repeated', collected, [])
    .option('--take <key>', 'take this record back over what was changed since; may be repeated', collected, [])
    .option('--keep-theirs <key>', 'leave this record as it was changed since; may be repeated', collected, [])
    .addOption(
      new Option('--on-conflict <rule>', 'what becomes of other records that were changed since')
        .choices(['skip', 'force', 'stop'])
        .default('skip'),
    )
    .option('--dry-run', 'show what would be taken back and what was changed since; nothing is done')
    .action((id: string | undefined, options: UndoOptions) =>
      runCommand(options, async (run) => {
        const asked = { of: selectionOf(id, options), choice: choiceOf(options) }
        if (options.dryRun === true) return preview(asked, options, run)
        const controller = await controllerOf(options)
        return controller === undefined ? undoHere(asked, options, run) : undoThere(asked, controller, run)
      }),
    )
}

function collected(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

function usage(message: string): OperationalError {
  return new OperationalError('USAGE', message, {
    hint: 'See `trueup undo --help`; `trueup audit export` lists the actions.',
  })
}

function selectionOf(id: string | undefined, { since, resource }: UndoOptions): UndoSelection {
  if ((id === undefined) === (since === undefined)) throw usage('undo takes either an id or --since')
  if (resource !== undefined && parseKey(resource) === undefined) throw usage(`--resource ${resource} is no kind/name`)
  if (id !== undefined) return { is: 'id', id, resource }
  return { is: 'since', sinceMs: momentOf('--since', since ?? '', systemClock.nowMs()), resource }
}

function choiceOf({ key, onConflict, keepTheirs, take }: UndoOptions): UndoChoice {
  const both = keepTheirs.filter((one) => take.includes(one))
  if (both.length > 0) throw usage(`${both.join(', ')} is given to --take and to --keep-theirs`)
  for (const [option, keys] of Object.entries({ '--key': key, '--take': take, '--keep-theirs': keepTheirs }))
    if (keys.length > undoKeysMax) throw usage(`${option} is given ${keys.length} times; ${undoKeysMax} are the most`)
  return { keys: key.length === 0 ? null : key, onConflict, keepTheirs, take }
}

function preview({ of, choice }: Asked, options: CommonOptions, run: CommandRun): Promise<ExitStatus> {
  return withWorkspace(options, 'look', async ({ engine }) => {
    const previews = await previewUndo({ of, choice, actor: localActor(), signal: run.signal }, engine)
    const items = previews.map(({ original: { action, runId, changedAtMs }, ...planned }) => ({
      id: action.id,
      runId: runId ?? null,
      at: isoOf(changedAtMs),
      resource: action.resource,
      summary: action.summary,
      reversible: action.reversible,
      is: planned.is,
      changes: planned.count,
      conflicts: conflictViews(planned.conflicts, action.id, engine.ledger),
      conflictCount: planned.conflictCount,
      message: planned.message ?? null,
    }))
    run.answer({ items }, (terminal) => {
      const { line, table } = terminal
      if (items.length === 0) {
        line('Nothing was carried out that could be taken back.')
        return
      }
      table(
        ['id', 'at', 'resource', 'what it did', 'undo'],
        items.map((item) => [item.id, item.at, keyText(item.resource), item.summary, undoText(item)]),
      )
      for (const { id, message } of items) if (message !== null) line(`  ${id}: ${message}`)
      const conflicts = items.flatMap((item) => item.conflicts)
      printConflicts(conflicts, terminal)
      if (conflicts.length > 0) line(chooseHint)
    })
    return items.length > 0 ? 2 : 0
  })
}

function undoText({ is, changes }: { readonly is: string; readonly changes: number }): string {
  if (is === 'undo') return `${changes} ${changes === 1 ? 'change' : 'changes'} back`
  return is === 'by-hand' ? 'by hand' : 'nothing'
}

function undoHere({ of, choice }: Asked, options: CommonOptions, run: CommandRun): Promise<ExitStatus> {
  return withWorkspace(options, 'act', async (workspace) => {
    const { engine } = workspace
    const results = await requestUndo({ of, choice, actor: localActor(), signal: run.signal }, engine)
    const items = results.map((result) => {
      if (result.is === 'stopped')
        return { ...result, conflicts: conflictViews(result.conflicts, result.actionId, engine.ledger) }
      if (!('details' in result)) return result
      return { ...result, details: conflictViews(result.details, result.actionId, engine.ledger) }
    })
    run.answer({ items }, (terminal) => {
      for (const result of results) terminal.line(undoLine(result, terminal.colour))
      const conflicts = items.flatMap((item) =>
        item.is === 'stopped' ? item.conflicts : 'details' in item ? item.details : [],
      )
      printConflicts(conflicts, terminal)
      if (conflicts.some(({ outcome }) => outcome === 'kept')) terminal.line(chooseHint)
      if (results.length === 0) terminal.line('Nothing was carried out that could be taken back.')
    })
    if (results.some((result) => result.is === 'failed')) return 1
    if (results.length > 0 && results.every((result) => result.is === 'stopped')) return 3
    return results.some((result) => result.is !== 'undone') ? 2 : 0
  })
}

async function undoThere({ of, choice }: Asked, controller: Controller, run: CommandRun): Promise<ExitStatus> {
  const undone = await controller.undo(of, choice)
  if (undone.is === 'stopped') {
    run.answer({ items: [], ...undone }, (terminal) => {
      terminal.line(terminal.colour.red(undone.message))
      printConflicts(undone.conflicts, terminal)
      terminal.line(chooseHint)
    })
    return 3
  }
  run.answer(undone, (terminal) => printThere(undone, terminal))
  const isWhole = [undone.byHand, undone.left].every((items) => items.length === 0)
  return isWhole && undone.items.every(({ state }) => state === 'verified') ? 0 : 2
}

function printThere({ items, conflictDetails, byHand, left }: RemoteUndo, terminal: Terminal): void {
  const { line, colour } = terminal
  for (const { actionId, undoId, state, changes, remaining } of items) {
    line(
      state === 'verified'
        ? `${colour.green('✓')} ${actionId} undone: ${changes} records restored${remainingText(remaining)}`
        : `${colour.yellow('○')} ${actionId}: the undo waits as ${undoId}`,
    )
  }
  for (const { actionId, steps } of byHand) line(byHandLine(actionId, steps, colour))
  for (const { actionId, message } of left) line(leftLine(actionId, message, colour))
  printConflicts(conflictDetails, terminal)
  if (conflictDetails.some(({ outcome }) => outcome === 'kept')) line(chooseHint)
  if (items.length + byHand.length + left.length === 0) line('Nothing was carried out that could be taken back.')
}

function remainingText(remaining: number): string {
  return remaining === 0 ? '' : `; ${remaining} others can still be taken back`
}

function undoLine(result: UndoResult, colour: Colour): string {
  switch (result.is) {
    case 'undone':
      return `${colour.green('✓')} ${result.actionId} undone: ${result.changed} records restored${remainingText(result.left)}${result.conflicts.length > 0 ? colour.yellow(`; left alone, since they changed meanwhile: ${result.conflicts.join(', ')}`) : ''}`
    case 'waiting':
      return `${colour.yellow('○')} ${result.actionId}: the undo waits as ${result.undoId}: ${result.gate.reasons.map((reason) => reason.message).join('; ')}`
    case 'by-hand':
      return byHandLine(result.actionId, result.steps, colour)
    case 'stopped':
      return leftLine(result.actionId, 'records were changed since: nothing was taken back', colour)
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
