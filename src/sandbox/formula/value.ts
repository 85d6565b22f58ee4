/** What a formula computes with, and how one kind of value is read as another. */

/** A moment; `timeZone` is only set by SET_TIMEZONE and only matters to formatting. */
export interface FormulaDate {
  readonly kind: 'date'
  readonly ms: number
  readonly timeZone?: string
}
/** What a failed computation is worth; shown as `#ERROR!`. */
export interface FormulaFault {
  readonly kind: 'fault'
  readonly text: string
}
export interface FormulaList {
  readonly kind: 'list'
  readonly items: readonly FormulaValue[]
}
/** null is blank. */
export type FormulaValue = null | boolean | number | string | FormulaDate | FormulaFault | FormulaList

export const fault: FormulaFault = { kind: 'fault', text: '#ERROR!' }

export function dateValue(ms: number, timeZone?: string): FormulaDate | FormulaFault {
  if (!Number.isFinite(ms)) return fault
  return timeZone === undefined ? { kind: 'date', ms } : { kind: 'date', ms, timeZone }
}

export function listValue(items: readonly FormulaValue[]): FormulaList {
  return { kind: 'list', items }
}

export function isFault(value: FormulaValue): value is FormulaFault {
  return typeof value === 'object' && value !== null && value.kind === 'fault'
}

export function isDate(value: FormulaValue): value is FormulaDate {
  return typeof value === 'object' && value !== null && value.kind === 'date'
}

export function isList(value: FormulaValue): value is FormulaList {
  return typeof value === 'object' && value !== null && value.kind === 'list'
}

/** Blank, "" and a list of nothing. */
export function isBlank(value: FormulaValue): boolean {
  return value === null || value === '' || (isList(value) && value.items.every(isBlank))
}

/** The text of a value, as `&` joins it. A ticked checkbox reads "1" [?]. */
export function textOf(value: FormulaValue): string {
  if (value === null) return ''
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (typeof value === 'number' || typeof value === 'string') return String(value)
  if (value.kind === 'date') return new Date(value.ms).toISOString()
  if (value.kind === 'fault') return value.text
  return value.items.map(textOf).join(', ')
}

/** The number of a value; undefined when it has none. Blank counts as 0, text never counts [?]. */
export function numberOf(value: FormulaValue): number | undefined {
  if (value === null) return 0
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'number') return value
  if (isList(value)) return value.items.length > 1 ? undefined : numberOf(value.items[0] ?? null)
  return undefined
}

/** What IF, AND and the filter of a list call true. */
export function isTrue(value: FormulaValue): boolean {
  if (value === null || isFault(value)) return false
  if (typeof value === 'number') return value !== 0 && !Number.isNaN(value)
  if (typeof value === 'boolean') return value
  if (typeof value === 'string') return value !== ''
  return value.kind === 'date' || value.items.length > 0
}

/** All values with lists opened. */
export function flat(values: readonly FormulaValue[]): FormulaValue[] {
  return values.flatMap((value) => (isList(value) ? flat(value.items) : [value]))
}
