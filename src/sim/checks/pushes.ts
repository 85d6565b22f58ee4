/** What a push to Airtable writes: what stands in the table, and what is told as done was done. */
import type { Book } from '../world/book.ts'
import { editedFields, recordsOf } from '../world/mirror.ts'
import type { World } from '../world/world.ts'
import type { ActionBook } from './record.ts'

type Cells = Readonly<Record<string, unknown>>

export function watchPushes(world: World, book: Book, actions: ActionBook): void {
  /** Rows as they were when an action was dispatched, by key. */
  const atDispatch = new Map<string, ReadonlyMap<string, Cells>>()
  /** Actions during which Airtable was changed. */
  const wrote = new Set<string>()
  let before: ReadonlyMap<string, Cells> | undefined
  const rowsNow = world.agent.prepare<[], Cells>('SELECT id, full_name, company, score FROM leads')
  const rows = () => new Map(rowsNow.all().map((row) => [String(row.id), row]))
  const records = () => new Map(recordsOf(world).map(({ id, fields }): [string, Cells] => [id, fields]))

  const hasAny = (keys: readonly string[]) =>
    recordsOf(world).some(({ fields }) => keys.includes(String(fields['Lead ID'])))

  actions.onEntry((entry, seen) => {
    if (seen?.action.resource.kind !== 'sync') return
    if (entry.type === 'action.dispatched') atDispatch.set(entry.actionId, rows())
    if (entry.type !== 'action.succeeded') return
    atDispatch.delete(entry.actionId)
    const { verb, affected } = seen.action
    // A record that somebody else has deleted meanwhile is gone, as was wanted: who did it cannot be told after a lost answer.
    const isGone = verb === 'push-deletions' && !hasAny(affected.sample)
    if (verb.startsWith('push') && Number(entry.body.changed ?? 0) > 0 && !wrote.has(entry.actionId) && !isGone)
      world.violate('what is told as done was done', `${seen.action.summary}: nothing was written to Airtable`)
  })

  world.exchanges.push({
    before(method) {
      before = method === 'GET' ? undefined : records()
    },
    after(method) {
      if (method === 'GET' || before === undefined) return
      const after = records()
      const changed = [...after].filter(([id, cells]) => JSON.stringify(before?.get(id)) !== JSON.stringify(cells))
      const removed = [...before.keys()].some((id) => !after.has(id))
      if (changed.length === 0 && !removed) return
      const underWay = actions.underWay(['sync'])
      for (const { action } of underWay) wrote.add(action.id)
      const [only] = underWay
      if (underWay.length !== 1 || only === undefined || only.action.cause === 'undo') return
      for (const [id, cells] of changed) judgeRecord(only.action.id, before.get(id) ?? {}, cells)
    },
  })

  /** A cell that was written holds what stood in the table then, or at some moment since the action was dispatched. */
  function judgeRecord(actionId: string, was: Cells, is: Cells): void {
    const key = String(is['Lead ID'])
    const then = atDispatch.get(actionId)?.get(key)
    const now = rows().get(key)
    if (then === undefined || now === undefined) return
    for (const [field, remote] of editedFields) {
      const value = is[remote] ?? null
      if (value === (was[remote] ?? null) || value === then[field] || value === now[field]) continue
      const isEdit = book.edits.some(
        (edit) => edit.name === now.full_name && edit.value === value && edit.side === 'local',
      )
      if (isEdit && then[field] !== now[field]) continue
      world.violate(
        'a push writes what stands in the table',
        `${key} ${field}: ${String(value)}, and ${String(now[field])} stands there`,
      )
    }
  }
}
