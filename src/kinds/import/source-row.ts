/** What every source gives, whatever it is read from: rows of named values, and what is wrong in it and where. */
import { hash } from 'node:crypto'
import type { JsonValue } from '../../json.ts'
import type { Cell } from '../../values/field-type.ts'

/** A cell of SQLite or a value of JSON. */
export type SourceValue = Cell | JsonValue

/** Where a row stands, for people and for problems. */
export interface Place {
  /** Path relative to the workspace, or `database.table`. */
  readonly file: string
  /** Position among the rows of the file or table, from 1. */
  readonly row: number
  /** Line that the row starts on; null in a table. */
  readonly line: number | null
}

export interface SourceRow {
  readonly place: Place
  /** What names the row within its file or table and stays when the row changes; undefined where nothing does. */
  readonly id: string | undefined
  /** Values by column, blanks included. */
  readonly cells: ReadonlyMap<string, SourceValue>
  /** Columns whose value cannot be trusted, with the reason; they are kept but fill no field. */
  readonly flaws: ReadonlyMap<string, string>
}

/** Something in a source that cannot be used: a file (row null), a row (field null), or a value. */
export interface SourceProblem {
  readonly file: string
  readonly row: number | null
  readonly line: number | null
  /** The column of the source. */
  readonly field: string | null
  /** Completes a sentence after the place: `is cut off`. Holds no value of the row. */
  readonly message: string
}

export type SourceItem =
  | { readonly is: 'row'; readonly row: SourceRow }
  /** A row that cannot be read at all (`row` is set), or a file (`row` null). */
  | { readonly is: 'problem'; readonly problem: SourceProblem }

/** A source that can be read any number of times. Every pass gives the same rows in the same order while it is unchanged. */
export interface Source {
  /** The name under which rows are remembered: `database.table`, or the pattern. */
  readonly name: string
  /** Columns known without reading a row, in order. */
  readonly columns: readonly string[]
  /** How many rows show which columns there are and what they hold. */
  readonly surveyRows: number
  items(): Iterable<SourceItem>
}

/** The place as people read it: `data/json/a.json, row 3, line 17, field email`. */
export function placeText(problem: SourceProblem): string {
  const parts = [problem.file]
  if (problem.row !== null) parts.push(`row ${problem.row}`)
  if (problem.line !== null) parts.push(`line ${problem.line}`)
  if (problem.field !== null) parts.push(`field ${problem.field}`)
  return parts.join(', ')
}

/** Whether the source says nothing there. */
export function isBlankValue(value: SourceValue | undefined): boolean {
  return value === null || value === undefined || (typeof value === 'string' && value.trim() === '')
}

/** A value in a form that JSON can hold, with nothing lost: bytes as base64, large integers as text. */
export function asJson(value: SourceValue): JsonValue {
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString('base64') }
  return typeof value === 'bigint' ? value.toString() : value
}

/**
 * What a row says, as 32 hexadecimal digits: equal for rows with equal values, whatever the order of their columns, and
 * whether a blank is there or missing. `fieldOf` gives the field that a column fills: a column that comes to fill another one
 * makes the rows that have it new, and no others.
 */
export function fingerprintOf(row: SourceRow, fieldOf: (column: string) => string | null): string {
  const parts: JsonValue[] = []
  for (const column of [...row.cells.keys()].sort()) {
    const value = row.cells.get(column)
    if (value === undefined || isBlankValue(value)) continue
    const flaw = row.flaws.get(column) ?? null
    // The type is told apart where its JSON would not tell: bytes, large integers.
    const type = typeof value === 'bigint' ? 'integer' : value instanceof Uint8Array ? 'bytes' : null
    parts.push([column, fieldOf(column), asJson(value), type, flaw])
  }
  return hash('sha256', JSON.stringify(parts), 'hex').slice(0, 32)
}
