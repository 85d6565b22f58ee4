/** What one look at the values of a table found, field by field. */
import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import { createChangeFingerprint } from '../../targets/sqlite/change-fingerprint.ts'
import type { Change } from '../../targets/sqlite/ports.ts'
import { type Layout, type PlacedField, readLayout } from './layout.ts'
import { keyTextOf, type ScanOptions, scan } from './scan.ts'
import type { StandardizationSpec } from './spec.ts'

/** Records shown with a drift or an action. */
export const sampleMax = 20
/** Up to so many changed rows are named in an action, which then concerns them alone. */
export const namedRowsMax = 500
const reasonsMax = 20

const cellSchema = z.union([z.string(), z.number(), z.null()])

const fieldLookSchema = z.object({
  name: z.string(),
  column: z.string(),
  /** False while the column is still to be made or renamed by the table kind. */
  ready: z.boolean(),
  /** Values that were neither null nor empty text. */
  filled: z.number(),
  changed: z.number(),
  /** Of all changes of the field in rowid order. */
  fingerprint: z.string(),
  /** The changed rows where they are few, else null. */
  rowIds: z.array(z.number()).nullable(),
  previews: z.array(z.object({ key: z.string(), before: cellSchema, after: cellSchema })),
  unmendable: z.number(),
  /** The rows of these, where they are not too many; else null. */
  unmendableRows: z.instanceof(Float64Array).nullable(),
  unmendableSample: z.array(z.object({ key: z.string(), reason: z.string() })),
  /** How often each reason was given, most frequent first. */
  reasons: z.array(z.object({ reason: z.string(), count: z.number() })),
})

/** The result of a look, as it comes back from a worker thread. */
export const lookSchema = z.discriminatedUnion('is', [
  z.object({ is: z.literal('absent') }),
  z.object({ is: z.literal('unaddressable'), reason: z.string() }),
  z.object({
    is: z.literal('looked'),
    /** The table's name in the database at the time. */
    table: z.string(),
    keyColumn: z.string().nullable(),
    /** Rows looked at. */
    rows: z.number(),
    fields: z.array(fieldLookSchema),
  }),
])

export type FieldLook = z.output<typeof fieldLookSchema>
export type Look = z.output<typeof lookSchema>

/** Rows by field name whose values the last full look found to have no standard form. */
export const knownSchema = z.record(z.string(), z.array(z.number()))
export type Known = z.output<typeof knownSchema>

/** More rows of a field than this are not named. */
const unmendableRowsMax = 50_000

/**
 * Looks at all rows of the declared table, or at those of `options.rowIds`. What is `known` to have no standard form is
 * passed over: it was reported and counted by an earlier look.
 */
export async function lookAt(
  db: Database,
  spec: StandardizationSpec,
  options: ScanOptions & { readonly known?: Known | undefined },
): Promise<Look> {
  const reading = readLayout(db, spec)
  if (reading.is !== 'layout') return reading
  // What was stamped when is nothing that a look compares.
  const layout: Layout = { ...reading.layout, stamps: [] }
  const notes = layout.fields.map((place) => noteOf(place, new Set(options.known?.[place.field.name] ?? [])))
  const rows = await scan(
    db,
    layout,
    {
      filled: (field) => notes[field]?.filled(),
      changed: (field, change) => notes[field]?.changed(change),
      unmendable: (field, rowId, key, reason) => notes[field]?.unmendable(rowId, key, reason),
    },
    options,
  )
  return {
    is: 'looked',
    table: layout.table,
    keyColumn: layout.keyColumn ?? null,
    rows,
    fields: notes.map((note) => note.close()),
  }
}

function noteOf(place: PlacedField, known: ReadonlySet<number>) {
  const fingerprint = createChangeFingerprint()
  const rowIds: number[] = []
  const previews: FieldLook['previews'] = []
  const unmendableRows: number[] = []
  const unmendableSample: FieldLook['unmendableSample'] = []
  const reasons = new Map<string, number>()
  let filled = 0
  let unmendable = 0
  return {
    filled: () => {
      filled += 1
    },
    changed(change: Change & { readonly is: 'cell' }) {
      fingerprint.add(change)
      if (rowIds.length <= namedRowsMax) rowIds.push(change.rowId)
      if (previews.length < sampleMax)
        previews.push({
          key: keyTextOf(change.key, change.rowId),
          before: shown(change.before),
          after: shown(change.after),
        })
    },
    unmendable(rowId: number, key: string, reason: string) {
      if (known.has(rowId)) return
      unmendable += 1
      if (unmendableRows.length <= unmendableRowsMax) unmendableRows.push(rowId)
      if (unmendableSample.length < sampleMax) unmendableSample.push({ key, reason })
      if (reasons.has(reason) || reasons.size < reasonsMax) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
    },
    close: (): FieldLook => ({
      name: place.field.name,
      column: place.column,
      ready: place.ready,
      filled,
      changed: fingerprint.count,
      fingerprint: fingerprint.digest(),
      rowIds: rowIds.length > namedRowsMax ? null : rowIds,
      previews,
      unmendable,
      unmendableRows: unmendableRows.length > unmendableRowsMax ? null : Float64Array.from(unmendableRows),
      unmendableSample,
      reasons: [...reasons]
        .map(([reason, count]) => ({ reason, count }))
        .sort((left, right) => right.count - left.count),
    }),
  }
}

function shown(cell: (Change & { readonly is: 'cell' })['before']): string | number | null {
  if (typeof cell === 'bigint') return `${cell}`
  return cell instanceof Uint8Array ? `${cell.length} bytes` : cell
}

/** The fields of a layout that an action names, or undefined when its table or columns are not there as they were. */
export function narrowed(layout: Layout, column: string, keyColumn: string): Layout | undefined {
  const fields = layout.fields.filter((place) => place.column === column && place.ready)
  return fields.length === 1 && layout.keyColumn === keyColumn ? { ...layout, fields } : undefined
}
