/** What is counted of a table: how many records it has, how full each field is, how its choices are spread. Pure. */

import { z } from 'zod'
import { hashOf } from '../../json.ts'
import { freeRowIdName } from '../../targets/sqlite/addressing.ts'
import type { LedgerPlan, RowVerdict } from '../../targets/sqlite/row-ledger-plan.ts'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import type { Cell } from '../../values/field-type.ts'
import type { LeadTable } from '../table.ts'
import type { TableShape } from '../table-shape.ts'

export interface LeadStatistics {
  readonly total: number
  readonly filled: readonly { readonly field: string; readonly count: number }[]
  readonly spread: readonly { readonly field: string; readonly value: string | null; readonly count: number }[]
}

/** The counted part of a table, as a thread is told of it. */
export const statisticsLayoutSchema = z.strictObject({
  table: z.string(),
  rowId: z.string(),
  key: z.string(),
  /** Columns that are there. */
  fields: z.array(z.string()),
  /** Those of them whose values are counted. */
  spread: z.array(z.string()),
})
export type StatisticsLayout = Readonly<z.output<typeof statisticsLayoutSchema>>

/** Values of a field that are told, the most frequent first. */
export const valuesMax = 100
/** Longer values are counted by their beginning. */
const valueLengthMax = 200

/** Undefined where the rows cannot be addressed by number. */
export function statisticsLayoutOf(table: LeadTable, shape: TableShape): StatisticsLayout | undefined {
  const rowId = freeRowIdName(shape.columns)
  if (rowId === undefined) return undefined
  const present = [...table.fields.values()].filter(({ name }) => shape.columns.has(name))
  return {
    table: table.sqlName,
    rowId,
    key: table.key,
    fields: present.map(({ name }) => name),
    spread: present.filter(({ spec }) => isSpread(spec.type)).map(({ name }) => name),
  }
}

/** Whether the values of a field are few enough to be counted one by one. */
export function isSpread(type: string): boolean {
  return type === 'choice' || type === 'boolean'
}

/** The value of a column as it is counted. */
export function valueExpression(column: string): string {
  const cell = quoteIdentifier(column)
  return `CASE WHEN typeof(${cell}) IN ('text', 'blob') THEN substr(${cell}, 1, ${valueLengthMax}) ELSE ${cell} END`
}

/** Fields whose being filled is told by one whole number. */
const maskBits = 30
const recordMark = 'n'

/** How the ledger of a table is kept. Marks: `n` a record, `f<field>` a filled field, `v<field> <value>` a value of it. */
export function statisticsPlan(layout: StatisticsLayout, identity: string): LedgerPlan {
  const { fields, spread } = layout
  const masks = Array.from({ length: Math.ceil(fields.length / maskBits) }, (_, mask) =>
    fields
      .slice(mask * maskBits, (mask + 1) * maskBits)
      .map((field, bit) => `((nullif(${quoteIdentifier(field)}, '') IS NOT NULL) << ${bit})`)
      .join(' | '),
  )
  const columns = [
    `${quoteIdentifier(layout.key)} IS NOT NULL`,
    ...masks.map((mask) => `(${mask})`),
    ...spread.map(valueExpression),
  ]
  // Rows repeat: what a mask says is worked out once.
  const known = new Map<string, RowVerdict>()
  return {
    table: layout.table,
    rowId: layout.rowId,
    columns,
    rules: [],
    version: hashOf({ marks: 1, ...layout }),
    identity,
    judge(cells) {
      if (cells[0] !== 1) return nothing
      const text = cells.map(valueText).join('\n')
      const before = known.get(text)
      if (before !== undefined) return before
      const verdict = verdictOf(layout, masks.length, cells)
      if (known.size < knownMax) known.set(text, verdict)
      return verdict
    },
  }
}

const knownMax = 20_000
const nothing: RowVerdict = { marks: [], places: [] }

function verdictOf({ fields, spread }: StatisticsLayout, masks: number, cells: readonly Cell[]): RowVerdict {
  const filled = fields.filter((_, at) => ((Number(cells[1 + Math.floor(at / maskBits)]) >> (at % maskBits)) & 1) === 1)
  const values = spread.map((field, at) => `v${field} ${valueText(cells[1 + masks + at] ?? null)}`)
  return { marks: [recordMark, ...filled.map((field) => `f${field}`), ...values], places: [] }
}

/** One line of text for any value; `null` for none, which no value gives. */
function valueText(cell: Cell): string {
  return cell === null ? 'null' : JSON.stringify(shownValue(cell))
}

/** A counted value as it is told. */
export function shownValue(cell: Exclude<Cell, null>): string {
  return cell instanceof Uint8Array ? `${cell.length} bytes` : String(cell)
}

const storedValueSchema = z.string().nullable()

/** The figures of a table from the sums of its marks. */
export function statisticsOf(
  allFields: readonly string[],
  layout: StatisticsLayout,
  totals: ReadonlyMap<string, number>,
): LeadStatistics {
  const values = new Map<string, { value: string | null; count: number }[]>(layout.spread.map((field) => [field, []]))
  for (const [mark, count] of totals) {
    if (!mark.startsWith('v')) continue
    const space = mark.indexOf(' ')
    const value = storedValueSchema.parse(JSON.parse(mark.slice(space + 1)))
    values.get(mark.slice(1, space))?.push({ value, count })
  }
  return {
    total: totals.get(recordMark) ?? 0,
    filled: allFields.map((field) => ({ field, count: totals.get(`f${field}`) ?? 0 })),
    spread: [...values].flatMap(([field, found]) => mostFrequent(found).map((one) => ({ field, ...one }))),
  }
}

/** Most frequent first, equal ones by their text, none before the empty one; the first {@link valuesMax}. */
export function mostFrequent(
  values: readonly { readonly value: string | null; readonly count: number }[],
): readonly { readonly value: string | null; readonly count: number }[] {
  const text = (value: string | null) => (value === null ? '' : `_${value}`)
  return [...values]
    .sort((one, other) => other.count - one.count || (text(one.value) < text(other.value) ? -1 : 1))
    .slice(0, valuesMax)
}
