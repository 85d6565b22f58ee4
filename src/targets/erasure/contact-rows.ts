/** Reads a table for what the list of those who are not to be contacted and the marks of its rows say of each other. */
import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import { isMarked } from '../../values/contact-mark.ts'
import type { Cell } from '../../values/field-type.ts'
import { quoteIdentifier } from '../sqlite/schema-reader.ts'
import { windowsOf } from './find-rows.ts'
import { type ErasedMarks, markOf } from './marks.ts'
import { type PersonLayout, type PersonPlace, personRowOf, readPersonLayout } from './person-layout.ts'

const marksSchema = z.object({ key: z.string(), marks: z.array(z.string()) })
/** The list as a thread is given it; null while it is empty. */
export const contactMarksSchema = z
  .object({ listed: marksSchema, allowed: marksSchema, justAllowed: marksSchema })
  .nullable()

/** A row whose mark, or whose place on the list, is missing. */
export const contactRowSchema = z.object({
  rowId: z.number(),
  key: z.custom<Cell>(),
  /** Of the mark's column. */
  cell: z.custom<Cell>(),
  identities: z.array(z.string()),
})
export type ContactRow = z.output<typeof contactRowSchema>

export const contactFindingSchema = z.object({
  /** Marked rows of people who are not on the list, in full, yet. */
  unlisted: z.array(contactRowSchema),
  /** Rows of people on the list that are not marked. */
  unmarked: z.array(contactRowSchema),
  /** Marked rows, in all. */
  marked: z.number(),
})
export type ContactFinding = z.output<typeof contactFindingSchema>

export interface ContactSearch {
  readonly place: PersonPlace
  /** The column of the mark, as declared; its former name where it may not have been renamed yet. */
  readonly columns: readonly string[]
  readonly marks: z.output<typeof contactMarksSchema>
}

/** More rows of either sort are found by looking again. */
export const contactRowsMax = 20_000

/** Looks through a table, or some of its rows; at most {@link contactRowsMax} rows of either sort, the others by looking again. */
export function findContactRows(
  db: Database,
  { place, columns, marks }: ContactSearch,
  options: { readonly rowIds?: readonly number[] | undefined; readonly signal?: AbortSignal | undefined } = {},
): ContactFinding {
  const unlisted: ContactRow[] = []
  const unmarked: ContactRow[] = []
  let marked = 0
  const layout = readPersonLayout(db, place)
  const column = layout?.schema.columns.find(({ name }) => columns.some((one) => same(one, name)))?.name
  if (layout?.rowId === undefined || column === undefined) return { unlisted, unmarked, marked }
  const withMark: PersonLayout = { ...layout, columns: new Map([...layout.columns, [markField, column]]) }
  const isIn = (set: ErasedMarks | undefined) => {
    const known = new Set(set?.marks)
    return (identity: string) => known.size > 0 && set !== undefined && known.has(markOf(set.key, identity))
  }
  const isListed = isIn(marks?.listed)
  const isJustAllowed = isIn(marks?.justAllowed)
  // While nobody is on the list only marked rows can tell anything.
  const only = marks?.listed.marks.length
    ? undefined
    : `${quoteIdentifier(column)} IS NOT NULL AND ${quoteIdentifier(column)} <> 0`
  for (const rows of windowsOf(db, withMark, options.rowIds, only)) {
    options.signal?.throwIfAborted()
    for (const cells of rows) {
      const { rowId, key, identities } = personRowOf(place, withMark, cells)
      const cell = cells.at(-1) ?? null
      if (rowId === null) continue
      if (!isMarked(cell)) {
        if (unmarked.length < contactRowsMax && identities.some(isListed))
          unmarked.push({ rowId, key, cell, identities })
        continue
      }
      marked += 1
      if (unlisted.length >= contactRowsMax || identities.some(isJustAllowed)) continue
      if (!identities.every(isListed)) unlisted.push({ rowId, key, cell, identities })
    }
  }
  return { unlisted, unmarked, marked }
}

/** Not the name of a field: it only keeps the mark's column last among those that are read. */
const markField = '\u0000mark'

const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase()
