/** Functions on lists: linked records, lookups, multiple selects. */
import { type FormulaFunctions, many } from '../scope.ts'
import { type FormulaValue, fault, flat, isBlank, listValue, numberOf, textOf } from '../value.ts'

export const listFunctions: FormulaFunctions = {
  ARRAYCOMPACT: { min: 1, max: 1, run: (args) => listValue(flat(args).filter((value) => !isBlank(value))) },
  ARRAYFLATTEN: { min: 1, max: many, run: (args) => listValue(flat(args)) },
  ARRAYUNIQUE: { min: 1, max: 1, run: (args) => listValue(unique(flat(args))) },
  ARRAYJOIN: {
    min: 1,
    max: 2,
    run: ([list = null, separator]) =>
      flat([list])
        .map(textOf)
        .join(separator === undefined ? ', ' : textOf(separator)),
  },
  ARRAYSLICE: {
    min: 2,
    max: 3,
    run: ([list = null, from = null, to]) => {
      const start = numberOf(from)
      const end = to === undefined ? undefined : numberOf(to)
      if (start === undefined || start < 1) return fault
      return listValue(flat([list]).slice(start - 1, end))
    },
  },
}

function unique(values: readonly FormulaValue[]): FormulaValue[] {
  const seen = new Map<string, FormulaValue>()
  for (const value of values) {
    const key = `${typeof value}:${textOf(value)}`
    if (!seen.has(key)) seen.set(key, value)
  }
  return [...seen.values()]
}
