/** Functions on numbers and on lists of them. */
import { type FormulaFunctions, many } from '../scope.ts'
import { type FormulaValue, fault, flat, isBlank, numberOf, textOf } from '../value.ts'

/** A function of one to three numbers; a fault when an argument is none. */
function numeric(min: number, max: number, run: (...values: number[]) => number) {
  return {
    min,
    max,
    run(args: readonly FormulaValue[]): FormulaValue {
      const values = args.map(numberOf)
      const numbers = values.filter((value) => value !== undefined)
      return numbers.length < values.length ? fault : run(...numbers)
    },
  }
}

/** The numbers among the arguments; text and blank do not count. */
function numbersOf(args: readonly FormulaValue[]): number[] {
  return flat(args).filter((value) => typeof value === 'number')
}

const toStep =
  (round: (value: number) => number) =>
  (value: number, step = 1) =>
    step === 0 ? 0 : clean(round(value / step) * step)

const toPlaces =
  (round: (value: number) => number) =>
  (value: number, places = 0) => {
    const factor = 10 ** Math.trunc(places)
    return factor === 0 || !Number.isFinite(factor)
      ? value
      : Math.sign(value) * clean(round(clean(Math.abs(value) * factor)) / factor)
  }

/** Takes away the last binary digits, so that 1.005 × 100 is 100.5. */
function clean(value: number): number {
  return Number(value.toPrecision(15))
}

export const numberFunctions: FormulaFunctions = {
  ABS: numeric(1, 1, (value = 0) => Math.abs(value)),
  CEILING: numeric(1, 2, (value = 0, step) => toStep(Math.ceil)(value, step)),
  FLOOR: numeric(1, 2, (value = 0, step) => toStep(Math.floor)(value, step)),
  INT: numeric(1, 1, (value = 0) => Math.floor(value)),
  EVEN: numeric(1, 1, (value = 0) => Math.sign(value) * Math.ceil(Math.abs(value) / 2) * 2),
  ODD: numeric(1, 1, (value = 0) => (value < 0 ? -1 : 1) * (Math.ceil((Math.abs(value) - 1) / 2) * 2 + 1)),
  EXP: numeric(1, 1, (value = 0) => Math.exp(value)),
  LOG: numeric(1, 2, (value = 0, base = 10) => Math.log(value) / Math.log(base)),
  SQRT: numeric(1, 1, (value = 0) => Math.sqrt(value)),
  POWER: numeric(2, 2, (value = 0, exponent = 0) => value ** exponent),
  MOD: numeric(2, 2, (value = 0, divisor = 0) => value - divisor * Math.floor(value / divisor)),
  ROUND: numeric(1, 2, (value = 0, places) => toPlaces(Math.round)(value, places)),
  ROUNDUP: numeric(1, 2, (value = 0, places) => toPlaces(Math.ceil)(value, places)),
  ROUNDDOWN: numeric(1, 2, (value = 0, places) => toPlaces(Math.floor)(value, places)),
  VALUE: {
    min: 1,
    max: 1,
    run([value = null]) {
      if (typeof value === 'number') return value
      const digits = textOf(value).replace(/[^0-9.+-]/g, '')
      return digits === '' || Number.isNaN(Number(digits)) ? fault : Number(digits)
    },
  },
  SUM: { min: 1, max: many, run: (args) => numbersOf(args).reduce((sum, value) => sum + value, 0) },
  AVERAGE: {
    min: 1,
    max: many,
    run: (args) => numbersOf(args).reduce((sum, value) => sum + value, 0) / numbersOf(args).length,
  },
  MAX: { min: 1, max: many, run: (args) => numbersOf(args).reduce((a, b) => Math.max(a, b), numbersOf(args)[0] ?? 0) },
  MIN: { min: 1, max: many, run: (args) => numbersOf(args).reduce((a, b) => Math.min(a, b), numbersOf(args)[0] ?? 0) },
  COUNT: { min: 1, max: many, run: (args) => numbersOf(args).length },
  COUNTA: { min: 1, max: many, run: (args) => flat(args).filter((value) => !isBlank(value)).length },
  COUNTALL: { min: 1, max: many, run: (args) => flat(args).length },
}
