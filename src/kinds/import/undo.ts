/** Undoing an import: its new leads go and its filled blanks are blank again, but for what was edited since. */
import { z } from 'zod'
import type { Action, ActionDraft, CellPreview } from '../../engine/action.ts'
import type { UndoPlan } from '../../engine/kind.ts'
import type { UndoRows } from '../../engine/undo-rows.ts'
import type { Change, ChangeSets, Databases } from '../../targets/sqlite/ports.ts'
import { nothingToUndo } from '../undone-set.ts'
import { figure } from './diff.ts'
import { undoneBy } from './import-log.ts'
import { importInputSchema } from './plan.ts'
import { shown } from './preview.ts'

/** What undoing needs, and undoing an undo. */
export const undoInputSchema = z.object({
  /** The action whose changes are taken back: an import, or an undo of one. */
  reverses: z.string(),
  /** The import that the migration log knows, and whether it counts as undone afterwards. */
  importAction: z.string(),
  undone: z.boolean(),
  name: z.string(),
  database: z.string(),
  path: z.string(),
})
type UndoInput = z.output<typeof undoInputSchema>

interface UndoPorts {
  readonly changeSets: ChangeSets
  readonly databases: Databases
}

/** How an import, or the undo of one, would be taken back now. */
export async function planUndoOf(action: Action, ports: UndoPorts, rows?: UndoRows): Promise<UndoPlan> {
  const { changeSets, databases } = ports
  const kept = changeSets.summary(action.id)
  if (kept === undefined) return { is: 'expired' }
  if (kept.count === 0) return { is: 'not-undoable', reason: 'it only noted rows in the migration log' }
  const input = inputOf(action)
  const already = await readUndoneBy(input, databases)
  // Leads that an earlier undo left alone can be taken after all.
  if (input.undone && already !== undefined && (rows?.take.length ?? 0) === 0)
    return { is: 'not-undoable', reason: `it was undone by ${already}` }
  const reverse = await changeSets.reverse(action.id, undefined, databases, rows)
  const nothing = nothingToUndo(reverse)
  if (nothing !== undefined) return nothing
  const changes = changeSets.page(action.id, 0, 20)
  const draft: ActionDraft = {
    verb: input.undone ? 'undo-import' : 'redo-import',
    input,
    summary: summaryOf(input, reverse.count, reverse.conflictCount),
    risk: 'medium',
    findings:
      reverse.conflictCount === 0
        ? []
        : [
            {
              code: 'keeps-edited',
              count: reverse.conflictCount,
              message: `${figure(reverse.conflictCount, 'lead')} edited since would stay`,
            },
          ],
    precondition: reverse.fingerprint,
    affected: { count: reverse.count, sample: [...new Set(changes.map((change) => String(change.key ?? '')))] },
    population: action.population + (input.undone ? action.affected.count : 0),
    preview: changes.map(reversed),
    reversible: 'from-checkpoint',
    recovery: 'transactional',
    cost: { bucket: `sqlite:${input.database}`, tokens: 1 },
    resolves: [],
    order: 0,
  }
  return { is: 'undo', draft, conflicts: reverse.conflicts, rows: reverse.rows }
}

function inputOf(action: Action): UndoInput {
  if (action.verb === 'import') {
    const { spec } = importInputSchema.parse(action.input)
    const { database, path } = spec.into
    return { reverses: action.id, importAction: action.id, undone: true, name: spec.name, database, path }
  }
  const input = undoInputSchema.parse(action.input)
  return { ...input, reverses: action.id, undone: !input.undone }
}

async function readUndoneBy(input: UndoInput, databases: Databases): Promise<string | undefined> {
  const view = await databases.read(input.path)
  try {
    return undoneBy(view.db, input.importAction)
  } finally {
    view.close()
  }
}

function summaryOf(input: UndoInput, count: number, conflicts: number): string {
  const kept = conflicts === 0 ? '' : `; ${figure(conflicts, 'lead')} edited since stay`
  return input.undone
    ? `undo the import ${input.name}: take back ${figure(count, 'change')}${kept}; its rows are not imported again`
    : `redo the import ${input.name}: make ${figure(count, 'change')} again${kept}`
}

function reversed(change: Change): CellPreview {
  const key = String(change.key ?? '')
  if (change.is === 'cell')
    return { key, field: change.column, before: shown(change.after), after: shown(change.before) }
  const row = Object.entries(change.row).find(([field, cell]) => cell !== null && String(cell) !== key && field !== '')
  const [field, cell] = row ?? ['', null]
  return change.is === 'insert'
    ? { key, field, before: shown(cell), after: null }
    : { key, field, before: null, after: shown(cell) }
}
