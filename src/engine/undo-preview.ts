/** What an undo would come to, action by action, newest first. Nothing is done, nothing is journaled. */
import { messageOf, OperationalError } from '../errors.ts'
import type { Action } from './action.ts'
import type { Engine } from './engine.ts'
import type { ActionRecord } from './ledger.ts'
import { planUndoOf, type UndoPlanned, type UndoSelection, undoTargets } from './undo.ts'
import { namedKeys, rowsOfChoice, type UndoChoice, type UndoConflict } from './undo-rows.ts'

export interface PreviewedUndo {
  readonly original: ActionRecord
  /** `undo`: it would be taken back, as far as its records allow; `kept`: nothing of it. */
  readonly is: 'undo' | 'by-hand' | 'kept'
  /** The undo as it would be planned now; undefined where only an undo of what is newer makes it possible. */
  readonly action: Action | undefined
  /** Changes that it would make. */
  readonly count: number
  /** Records that were changed since, but for those whose change is itself to be taken back before. */
  readonly conflicts: readonly UndoConflict[]
  readonly conflictCount: number
  /** What a person does, or why it is kept. */
  readonly message: string | undefined
}

/**
 * Previews. Throws ACTION_NOT_FOUND, and ACTION_NOT_UNDOABLE where a chosen key is of no record that was touched: a key
 * that is mistyped must not pass as one that is done.
 */
export async function previewUndo(
  request: {
    readonly of: UndoSelection
    readonly choice: UndoChoice
    readonly actor: string
    readonly signal: AbortSignal
  },
  engine: Engine,
): Promise<readonly PreviewedUndo[]> {
  const { choice, actor, signal } = request
  const ports = engine.ports()
  const { checkpoints } = engine.declaration().policy
  const targets = undoTargets(request.of, engine.ledger, choice)
  const taken = new Set<string>()
  const staying = new Set<string>()
  const unknown = new Set(namedKeys(rowsOfChoice(choice)))
  const previews: PreviewedUndo[] = []
  let knowsRows = unknown.size === 0
  for (const original of targets) {
    const ask = { record: original, requestedBy: actor, choice, checkpoints }
    const planned = await planQuietly(() => planUndoOf(ask, { signal, progress: () => undefined }, ports), original)
    if (planned.is === 'untouched') {
      knowsRows ||= planned.knowsRows
      continue
    }
    const rows = planned.is === 'by-hand' ? undefined : planned.rows
    if (rows !== undefined) knowsRows = true
    for (const key of [...unknown]) if (rows !== undefined && !rows.unknownKeys.includes(key)) unknown.delete(key)
    const all = rows?.conflicts ?? []
    const isPassing = ({ isUnbroken, by, table, key }: UndoConflict) =>
      isUnbroken && by.length > 0 && by.every((id) => taken.has(id) && !staying.has(placeOf(id, table, key)))
    const conflicts = all.filter((one) => !isPassing(one))
    const passing = all.length - conflicts.length
    for (const { table, key, outcome } of conflicts)
      if (outcome === 'kept') staying.add(placeOf(original.action.id, table, key))
    const isUndone = planned.is === 'planned' || passing > 0
    if (isUndone) taken.add(original.action.id)
    const count = (planned.is === 'planned' ? planned.action.affected.count : 0) + passing
    previews.push({
      original,
      is: isUndone ? 'undo' : planned.is === 'by-hand' ? 'by-hand' : 'kept',
      action: planned.is === 'planned' ? planned.action : undefined,
      count,
      conflicts,
      conflictCount: (rows?.conflictCount ?? 0) - passing,
      message: planned.is === 'by-hand' ? planned.steps : planned.is === 'kept' ? planned.error.message : undefined,
    })
  }
  refuseUnknown([...unknown], knowsRows)
  return previews
}

function placeOf(actionId: string, table: string, key: string): string {
  return JSON.stringify([actionId, table, key])
}

/** What cannot be planned now does not hide the others: it may be possible once what is newer is taken back. */
async function planQuietly(plan: () => Promise<UndoPlanned>, { action }: ActionRecord): Promise<UndoPlanned> {
  try {
    return await plan()
  } catch (error) {
    const cause =
      error instanceof OperationalError
        ? error
        : new OperationalError('ACTION_FAILED', messageOf(error), { cause: error })
    return { is: 'kept', original: action, error: cause, rows: undefined }
  }
}

function refuseUnknown(unknown: readonly string[], knowsRows: boolean): void {
  if (!knowsRows) {
    throw new OperationalError('ACTION_NOT_UNDOABLE', 'what it did cannot be taken back record by record', {
      hint: 'Leave out --key, --take and --keep-theirs to take it back as a whole.',
    })
  }
  if (unknown.length === 0) return
  throw new OperationalError('ACTION_NOT_UNDOABLE', `it changed no record with the key ${unknown.join(', ')}`, {
    hint: 'Nothing was taken back. The keys are those of the table, as `trueup leads list` shows them.',
  })
}
