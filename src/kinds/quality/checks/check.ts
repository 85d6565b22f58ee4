/** What a check of a row is. Checks are pure: they are given cells and say why they fail, without the values themselves. */
import type { Severity } from '../../../engine/drift.ts'
import type { GroupPlace, GroupRule } from '../../../targets/sqlite/row-ledger-plan.ts'
import type { Cell } from '../../../values/field-type.ts'

/** The cells of one row, by declared field; null for a field without a column. */
export type Row = (field: string) => Cell

interface CheckName {
  /** Stable, and the path of its drift: `ai_message.length`. */
  readonly id: string
  /** The field it is about; null for the row. */
  readonly field: string | null
  /** What holds where it passes, for a list: `names company`. */
  readonly title: string
  /** What is so where it fails, after the field's name: `does not name company`. */
  readonly fault: string
  readonly severity: Severity
  /** Fields that it looks at. */
  readonly reads: readonly string[]
  /** What a person does about it. */
  readonly remedy: string
}

/** A value that would mend a row. Only ever a proposal: a person takes it or leaves it. */
export interface Suggested {
  readonly field: string
  readonly value: Cell
  /** Why this value, as a phrase without the value itself. */
  readonly why: string
}

/** A check that a row alone decides. */
export interface RowCheck extends CheckName {
  readonly is: 'row'
  /** Why the row fails, as a sentence after the field's name; undefined where it passes. Total. */
  readonly reasonOf: (row: Row) => string | undefined
  /** What would mend a row that fails, where that can be told; left out where it never can. Total. */
  readonly suggest?: (row: Row) => Suggested | undefined
}

/** A check that rows of one group decide together. */
export interface GroupCheck extends CheckName {
  readonly is: 'group'
  readonly rule: GroupRule
  /** In how many ways rows are grouped; a row fails once, by whichever. */
  readonly bands: number
  /** Where a row belongs in each way; undefined where to no group. Total. */
  readonly placesOf: (row: Row) => readonly (GroupPlace | undefined)[]
  readonly reason: string
  /** Why the value that most rows of a group have would mend one that has another; left out where it would not. */
  readonly majorityWhy?: string
}

export type Check = RowCheck | GroupCheck

/** Whether there may be values that would mend single rows. */
export function canSuggest(check: Check): boolean {
  return check.is === 'row' ? check.suggest !== undefined : check.majorityWhy !== undefined
}

/** Rows that are grouped in one way. */
export function inOneWay(placeOf: (row: Row) => GroupPlace | undefined): Pick<GroupCheck, 'bands' | 'placesOf'> {
  return { bands: 1, placesOf: (row) => [placeOf(row)] }
}

/** The text of a cell; undefined for an empty one, and for bytes that are no text. */
export function textOf(cell: Cell): string | undefined {
  if (cell === null || cell instanceof Uint8Array) return undefined
  const text = String(cell)
  return text.trim() === '' ? undefined : text
}

/** Longer texts are judged by their beginning: a message of megabytes is none, and must not hold up the others. */
export const judgedLengthMax = 100_000

/** The beginning of a text. */
export function beginning(text: string): string {
  return text.length > judgedLengthMax ? text.slice(0, judgedLengthMax) : text
}
