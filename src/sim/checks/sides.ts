/** What the sync does to each side: no lead becomes two records, and an edit of one side alone is not taken back. */
import type { Book } from '../world/book.ts'
import { editedFields, recordsOf } from '../world/mirror.ts'
import type { World } from '../world/world.ts'
import type { ActionBook } from './record.ts'

type Cells = Readonly<Record<string, unknown>>

/** What both sides held, and since when: long enough for every side's program to have seen it. */
interface Agreement {
  readonly value: unknown
  readonly sinceMs: number
}
const settledAfterMs = 150_000

export function watchSides(world: World, book: Book, actions: ActionBook): void {
  const agreed = new Map<string, Agreement>()
  const rowsNow = world.agent.prepare<[], Cells>('SELECT id, full_name, company, score FROM leads')
  let before: Sides | undefined

  const sides = (): Sides => ({
    rows: new Map(rowsNow.all().map((row) => [String(row.id), row])),
    records: recordsOf(world).map(({ fields }) => fields),
  })

  /** Both sides hold the same: from now on it is known which of them changed. */
  function note({ rows, records }: Sides): void {
    for (const record of records) {
      const row = rows.get(String(record['Lead ID']))
      if (row === undefined) continue
      for (const [field, remote] of editedFields) {
        const value = row[field] ?? null
        const name = `${String(row.id)} ${field}`
        if (value !== (record[remote] ?? null) || agreed.get(name)?.value === value) continue
        agreed.set(name, { value, sinceMs: world.clock.monotonicMs() })
      }
    }
  }

  /** A cell that the sync changed held an edit, and what it was given is what both sides held before that edit. */
  function judgeCell(key: string, field: string, edited: unknown, written: unknown, other: unknown): void {
    const known = agreed.get(`${key} ${field}`)
    if (known === undefined || edited === written || edited === known.value) return
    // An empty cell may be one by chance, and on the other side as well.
    if (known.value === null || written !== known.value || other !== known.value) return
    if (world.clock.monotonicMs() - known.sinceMs < settledAfterMs) return
    world.violate(
      'an edit of one side alone is not taken back',
      `${key} ${field}: ${String(edited)} to ${String(written)}, which both sides held before`,
    )
  }

  function judge(from: Sides, to: Sides): void {
    const isUndo = actions.underWay(['sync']).some(({ action }) => action.cause === 'undo')
    if (isUndo || book.undos.length > 0) return
    for (const [key, row] of to.rows) {
      const was = from.rows.get(key)
      const record = to.records.find((one) => one['Lead ID'] === key)
      const recordWas = from.records.find((one) => one['Lead ID'] === key)
      if (was === undefined || record === undefined || recordWas === undefined) continue
      for (const [field, remote] of editedFields) {
        judgeCell(key, field, was[field] ?? null, row[field] ?? null, record[remote] ?? null)
        judgeCell(key, field, recordWas[remote] ?? null, record[remote] ?? null, row[field] ?? null)
      }
    }
  }

  /** No two leads of the simulated world have the same name. */
  function judgeNames({ records }: Sides): void {
    const seen = new Set<unknown>()
    for (const { 'Full Name': name } of records) {
      if (name === undefined) continue
      if (seen.has(name)) world.violate('no lead stands twice in Airtable', String(name))
      seen.add(name)
    }
  }

  world.exchanges.push({
    before(method) {
      before = method === 'GET' ? undefined : sides()
    },
    after(method) {
      if (method === 'GET' || before === undefined) return
      const after = sides()
      judge(before, after)
      judgeNames(after)
      note(after)
    },
  })
  let local: Sides | undefined
  world.witnesses.push({
    before(effect) {
      if (effect.kind === 'sqlite' && effect.target === 'main.db') local = sides()
    },
    after(effect) {
      if (effect.kind !== 'sqlite' || effect.target !== 'main.db' || local === undefined) return
      const after = sides()
      if (actions.underWay(['sync']).length > 0) judge(local, after)
      note(after)
    },
  })
}

interface Sides {
  readonly rows: ReadonlyMap<string, Cells>
  readonly records: readonly Cells[]
}
