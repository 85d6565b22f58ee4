/**
 * Who changed a record after an action did: the later change sets of the same file are read for it. A set that fits from
 * what the action made to what the record holds now explains the change; where none does, another program wrote it.
 */
import { setImmediate } from 'node:timers/promises'
import type { JsonValue } from '../../json.ts'
import { cellJson, keyTextOf } from './change-codec.ts'
import type { ChangeStore, StoredSet } from './change-store.ts'
import type { Change, RowConflict } from './ports.ts'

type Found = Omit<RowConflict, 'by' | 'isUnbroken'>

/** One later change of a record: a cell, or that it went or came. */
interface Later {
  readonly actionId: string
  readonly change: Change
}

/** The conflicts, each with the later actions that are known to have written its record. */
export async function laterWriters(
  conflicts: readonly Found[],
  set: StoredSet,
  store: ChangeStore,
): Promise<readonly RowConflict[]> {
  if (conflicts.length === 0) return []
  const wanted = new Map<string, Later[]>(conflicts.map(({ table, key }) => [nameOf(table, key), []]))
  for (const { actionId, changes } of store.laterThan(set)) {
    for (const { table, change } of changes) wanted.get(nameOf(table, keyTextOf(change)))?.push({ actionId, change })
    await setImmediate()
  }
  return conflicts.map((conflict) => ({
    ...conflict,
    ...explained(conflict, wanted.get(nameOf(conflict.table, conflict.key)) ?? []),
  }))
}

function nameOf(table: string, key: string): string {
  return `${table.toLowerCase()}\n${key}`
}

function explained(conflict: Found, later: readonly Later[]): Pick<RowConflict, 'by' | 'isUnbroken'> {
  const ids = (some: readonly Later[]) => [...new Set(some.map(({ actionId }) => actionId))]
  if (conflict.is !== 'changed') {
    const turned = later.filter(({ change }) => change.is === (conflict.is === 'gone' ? 'delete' : 'insert'))
    return { by: ids(turned.slice(-1)), isUnbroken: turned.length > 0 }
  }
  const by = new Set<string>()
  let isUnbroken = true
  for (const { field, made, now } of conflict.cells) {
    let at: JsonValue = made
    for (const { actionId, change } of later) {
      if (change.is !== 'cell' || change.column !== field) continue
      const [before, after] = [cellJson(change.before), cellJson(change.after)]
      if (before !== at && after !== now) continue
      if (before !== at) isUnbroken = false
      at = after
      by.add(actionId)
    }
    if (at !== now) isUnbroken = false
  }
  // What was named on the way to a value that another program then overwrote explains nothing.
  const last = conflict.cells.some(({ field, now }) =>
    later.some(({ change }) => change.is === 'cell' && change.column === field && cellJson(change.after) === now),
  )
  return last ? { by: [...by], isUnbroken } : { by: [], isUnbroken: false }
}
