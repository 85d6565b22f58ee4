/** What a formula may ask of the record that it is computed for, and what one function of the language is. */
import type { FormulaValue } from './value.ts'

export interface FormulaScope {
  readonly recordId: string
  readonly createdMs: number
  /** The moment that NOW() and TODAY() give. */
  readonly nowMs: number
  field(fieldId: string): FormulaValue
  /** When a person or program last changed one of these fields; of any field when the list is empty. */
  modifiedMs(fieldIds: readonly string[]): number | undefined
}

/** A function of the language. Arguments hold no fault unless `faults` is set: a fault is passed on by itself. */
export interface FormulaFunction {
  readonly min: number
  readonly max: number
  readonly faults?: boolean
  run(args: readonly FormulaValue[], scope: FormulaScope): FormulaValue
}

export type FormulaFunctions = Readonly<Record<string, FormulaFunction>>

/** Arguments without an upper bound. */
export const many = Number.POSITIVE_INFINITY
