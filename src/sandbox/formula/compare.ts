/** Equality and order of formula values. */
import { dateOfText } from './date-text.ts'
import { type FormulaValue, isBlank, isDate, isList, numberOf, textOf } from './value.ts'

/**
 * Whether `=` holds. Blank equals "", 0 and false ([O]: `{Number} = BLANK()` holds for 0); a date equals the text that
 * says the same moment [?]; a number never equals text [?].
 */
export function equalValues(left: FormulaValue, right: FormulaValue): boolean {
  if (isBlank(left) || isBlank(right)) return isZeroOrBlank(left) && isZeroOrBlank(right) && bothEmpty(left, right)
  if (isDate(left) || isDate(right)) return momentOf(left) !== undefined && momentOf(left) === momentOf(right)
  if (isNumeric(left) && isNumeric(right)) return numberOf(left) === numberOf(right)
  if (isNumeric(left) !== isNumeric(right))
    return isList(left) || isList(right) ? textOf(left) === textOf(right) : false
  return textOf(left) === textOf(right)
}

/** Negative when left comes first; undefined when the two cannot be ordered. */
export function compareValues(left: FormulaValue, right: FormulaValue): number | undefined {
  if (isDate(left) || isDate(right)) {
    const [a, b] = [momentOf(left), momentOf(right)]
    return a === undefined || b === undefined ? undefined : a - b
  }
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0
  const [a, b] = [numberOf(left), numberOf(right)]
  if (a === undefined || b === undefined || Number.isNaN(a) || Number.isNaN(b)) return undefined
  return a - b
}

function isZeroOrBlank(value: FormulaValue): boolean {
  return isBlank(value) || value === 0 || value === false
}

/** "" is no number, so it equals blank and "" but not 0. */
function bothEmpty(left: FormulaValue, right: FormulaValue): boolean {
  const text = left === '' || right === ''
  return !text || (isBlank(left) && isBlank(right))
}

function isNumeric(value: FormulaValue): boolean {
  return typeof value === 'number' || typeof value === 'boolean'
}

function momentOf(value: FormulaValue): number | undefined {
  if (isDate(value)) return value.ms
  return typeof value === 'string' ? dateOfText(value) : undefined
}
