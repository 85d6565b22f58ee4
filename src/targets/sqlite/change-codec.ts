/**
 * Changes as text and back, without loss: integers beyond 2^53, blobs, infinities and the difference between NULL and an
 * empty text survive. Also what belongs together: all changes of one record in a row are made, or left, as one.
 */
import type { Cell } from '../../values/field-type.ts'
import type { Change, ChangeOf } from './ports.ts'

export type CellChange = Extract<Change, { is: 'cell' }>

/** What is done to one record: cells that change together, a row that comes, or one that goes. */
export type RecordChange =
  | {
      readonly is: 'update'
      readonly rowId: number
      /** The key before the change. */
      readonly key: Cell
      /** What guards the record: it is changed while all of these are as they were. */
      readonly cells: readonly CellChange[]
      /** What is written along with them, whatever it was. */
      readonly follows: readonly CellChange[]
      readonly of?: ChangeOf
      readonly unit?: number
    }
  | Extract<Change, { is: 'insert' | 'delete' }>

/** A cell in JSON; `i` integer beyond 2^53, `r` a real that JSON has no text for, `b` bytes in base64. */
type CellText = null | string | number | { readonly i: string } | { readonly r: string } | { readonly b: string }

/** Table and key column where it is another one than the set's; unit. */
interface PlaceText {
  readonly t?: readonly [table: string, keyColumn: string]
  readonly u?: number
}

type CellChangeText = readonly [
  'c',
  rowId: number,
  key: CellText,
  column: string,
  before: CellText,
  after: CellText,
  follows?: 0 | 1,
  place?: PlaceText,
]
type RowChangeText = readonly [
  'i' | 'd',
  rowId: number,
  key: CellText,
  row: readonly (readonly [column: string, cell: CellText])[],
  place?: PlaceText,
]
type ChangeText = CellChangeText | RowChangeText

/** A change in the form that JSON can hold. */
export function encodeChange(change: Change): ChangeText {
  const place = encodePlace(change)
  if (change.is === 'cell') {
    const { rowId, key, column, before, after } = change
    const text = ['c', rowId, encodeCell(key), column, encodeCell(before), encodeCell(after)] as const
    if (place !== undefined) return [...text, change.follows === undefined ? 0 : 1, place]
    return change.follows === undefined ? text : [...text, 1]
  }
  const row = Object.entries(change.row).map(([column, cell]) => [column, encodeCell(cell)] as const)
  const text = [change.is === 'insert' ? 'i' : 'd', change.rowId, encodeCell(change.key), row] as const
  return place === undefined ? text : [...text, place]
}

function encodePlace({ of, unit }: Change): PlaceText | undefined {
  if (of === undefined && unit === undefined) return undefined
  return {
    ...(of === undefined ? {} : { t: [of.table, of.keyColumn] as const }),
    ...(unit === undefined ? {} : { u: unit }),
  }
}

function decodePlace(place: PlaceText | undefined): { readonly of?: ChangeOf; readonly unit?: number } {
  if (place === undefined) return {}
  const { t, u } = place
  return {
    ...(t === undefined ? {} : { of: { table: t[0], keyColumn: t[1] } }),
    ...(u === undefined ? {} : { unit: u }),
  }
}

/**
 * Reads the JSON of a list of encoded changes, which is taken at its word: it comes from {@link encodeChange} by way of our
 * own file, and a schema would take longer than making the changes does.
 */
export function decodeChanges(json: string): readonly Change[] {
  const texts: readonly ChangeText[] = JSON.parse(json)
  return texts.map(decodeChange)
}

function decodeChange(text: ChangeText): Change {
  if (text[0] === 'c') {
    const [, rowId, key, column, before, after, follows, place] = text
    return {
      is: 'cell',
      rowId,
      key: decodeCell(key),
      column,
      before: decodeCell(before),
      after: decodeCell(after),
      ...(follows === 1 ? { follows: true } : {}),
      ...decodePlace(place),
    }
  }
  const [letter, rowId, key, row, place] = text
  return {
    is: letter === 'i' ? 'insert' : 'delete',
    rowId,
    key: decodeCell(key),
    row: Object.fromEntries(row.map(([column, cell]) => [column, decodeCell(cell)])),
    ...decodePlace(place),
  }
}

/** What a change, or a record of changes, says of its place, to be said by what is made of it. */
export function placeOfChange({ of, unit }: { readonly of?: ChangeOf; readonly unit?: number }): {
  readonly of?: ChangeOf
  readonly unit?: number
} {
  return { ...(of === undefined ? {} : { of }), ...(unit === undefined ? {} : { unit }) }
}

/** The key of a change whose record was erased: no record has it, so it is made nowhere, and taken back nowhere. */
export const erasedKey = '(erased)'

/** What stands for a change of an erased record, in its place. */
export function erasedChange(change: Change, keyColumn: string): Change {
  const column = change.is === 'cell' ? change.column : keyColumn
  const after = column === keyColumn ? erasedKey : null
  const cell = {
    is: 'cell',
    rowId: change.rowId,
    key: erasedKey,
    column,
    before: null,
    after,
    ...placeOfChange(change),
  } as const
  return isFollowing(change) ? { ...cell, follows: true } : cell
}

/** Roughly how many bytes a cell takes as text. */
export function sizeOfCell(cell: Cell): number {
  if (typeof cell === 'string') return cell.length
  return cell instanceof Uint8Array ? cell.length * 1.4 : 8
}

function encodeCell(cell: Cell): CellText {
  if (cell === null || typeof cell === 'string') return cell
  if (typeof cell === 'bigint') return { i: cell.toString() }
  if (typeof cell === 'number') {
    return Number.isFinite(cell) && !Object.is(cell, -0) ? cell : { r: Object.is(cell, -0) ? '-0' : String(cell) }
  }
  return { b: Buffer.from(cell).toString('base64') }
}

function decodeCell(text: CellText): Cell {
  if (text === null || typeof text !== 'object') return text
  if ('i' in text) return BigInt(text.i)
  if ('r' in text) return Number(text.r)
  return new Uint8Array(Buffer.from(text.b, 'base64'))
}

/** Whether a change is a cell that only follows. */
export function isFollowing(change: Change): boolean {
  return change.is === 'cell' && change.follows !== undefined
}

/** Whether the second change is one more cell of the record that the first one changes. */
export function sameRecord(first: Change, second: Change): boolean {
  return (
    first.is === 'cell' &&
    second.is === 'cell' &&
    first.rowId === second.rowId &&
    first.unit === second.unit &&
    first.of?.table === second.of?.table &&
    sameCell(first.key, second.key) &&
    first.column !== second.column
  )
}

/** The changes record by record, in their order. */
export function recordsOf(changes: readonly Change[]): readonly RecordChange[] {
  const records: RecordChange[] = []
  let open: { cells: CellChange[]; follows: CellChange[] } | undefined
  let last: Change | undefined
  for (const change of changes) {
    if (change.is === 'cell') {
      if (open === undefined || last === undefined || !sameRecord(last, change)) {
        open = { cells: [], follows: [] }
        records.push({ is: 'update', rowId: change.rowId, key: change.key, ...open, ...placeOfChange(change) })
      }
      const list = isFollowing(change) ? open.follows : open.cells
      list.push(change)
    } else {
      open = undefined
      records.push(change)
    }
    last = change
  }
  return records
}

/** A record's key for people; records without one are named by their rowid. */
export function keyTextOf(record: { readonly key: Cell; readonly rowId: number }): string {
  const { key, rowId } = record
  if (key === null) return `row ${rowId}`
  return key instanceof Uint8Array ? Buffer.from(key).toString('hex') : String(key)
}

/** A cell as people are shown it: whole numbers that JSON cannot hold as text, bytes as SQL writes them. */
export function cellJson(cell: Cell): string | number | null {
  if (typeof cell === 'bigint') return cell.toString()
  return cell instanceof Uint8Array ? `x'${Buffer.from(cell).toString('hex')}'` : cell
}

/** Whether two cells hold the same value. */
export function sameCell(first: Cell, second: Cell): boolean {
  if (first instanceof Uint8Array || second instanceof Uint8Array) {
    return first instanceof Uint8Array && second instanceof Uint8Array && Buffer.compare(first, second) === 0
  }
  return first === second
}
