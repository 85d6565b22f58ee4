/**
 * Opaque cursors of lead lists: where a page ended, in terms of the row's own values, so that rows that come and go
 * between two pages neither repeat nor skip others.
 */
import { z } from 'zod'
import type { Cell } from '../values/field-type.ts'

export interface LeadOrder {
  /** A field of the table or its key column. */
  readonly column: string
  readonly direction: 'asc' | 'desc'
}

/** The place of a row in an order. */
export interface Place {
  readonly value: Cell
  readonly key: Cell
  readonly rowId: number
}

const cellSchema = z.union([
  z.null(),
  z.number(),
  z.string(),
  z.strictObject({ bytes: z.base64() }).transform(({ bytes }) => new Uint8Array(Buffer.from(bytes, 'base64'))),
  z.strictObject({ infinite: z.boolean() }).transform(({ infinite }) => (infinite ? Infinity : -Infinity)),
])
const cursorSchema = z.tuple([z.string(), z.enum(['asc', 'desc']), cellSchema, cellSchema, z.int()])

function encodable(cell: Cell): unknown {
  if (cell instanceof Uint8Array) return { bytes: Buffer.from(cell).toString('base64') }
  if (typeof cell === 'bigint') return Number(cell)
  if (cell === Infinity || cell === -Infinity) return { infinite: cell > 0 }
  return cell
}

/** Writes a cursor. */
export function encodeCursor(order: LeadOrder, place: Place): string {
  const parts = [order.column, order.direction, encodable(place.value), encodable(place.key), place.rowId]
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

/** Reads a cursor; undefined when it is none, or one of another order. */
export function decodeCursor(order: LeadOrder, text: string): Place | undefined {
  let parts: unknown
  try {
    parts = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
  const parsed = cursorSchema.safeParse(parts)
  if (!parsed.success) return undefined
  const [column, direction, value, key, rowId] = parsed.data
  return column === order.column && direction === order.direction ? { value, key, rowId } : undefined
}
