/** Computes a bound formula for one record; total: what cannot be computed is a fault, never an exception. */
import { unreachable } from '../../errors.ts'
import { compareValues, equalValues } from './compare.ts'
import { formulaFunctions } from './functions.ts'
import type { FormulaScope } from './scope.ts'
import type { Operator, Syntax } from './syntax.ts'
import { dateValue, type FormulaValue, fault, isFault, isTrue, numberOf, textOf } from './value.ts'

/** The value of a formula for the record behind the scope. */
export function evaluate(node: Syntax, scope: FormulaScope): FormulaValue {
  switch (node.kind) {
    case 'literal':
      return node.value
    case 'field':
      return scope.field(node.reference)
    case 'negate': {
      const number = numberOf(evaluate(node.operand, scope))
      return number === undefined ? fault : -number
    }
    case 'binary': {
      const left = evaluate(node.left, scope)
      if (isFault(left)) return left
      const right = evaluate(node.right, scope)
      return isFault(right) ? right : operate(node.operator, left, right)
    }
    case 'call':
      return call(node.name, node.args, scope)
    default:
      return unreachable(node)
  }
}

/** Whether `filterByFormula` keeps a record: not for 0, false, "", NaN, [] or a fault [D]. */
export function keeps(node: Syntax, scope: FormulaScope): boolean {
  return isTrue(evaluate(node, scope))
}

function call(name: string, args: readonly Syntax[], scope: FormulaScope): FormulaValue {
  if (name === 'IF') return chooseIf(args, scope)
  if (name === 'SWITCH') return chooseSwitch(args, scope)
  if (name === 'LAST_MODIFIED_TIME') {
    const ids = args.flatMap((arg) => (arg.kind === 'field' ? [arg.reference] : []))
    const ms = scope.modifiedMs(ids)
    return ms === undefined ? null : dateValue(ms)
  }
  const known = formulaFunctions.get(name)
  if (known === undefined) return fault
  const values = args.map((arg) => evaluate(arg, scope))
  if (known.faults !== true) {
    const failed = values.find(isFault)
    if (failed !== undefined) return failed
  }
  return known.run(values, scope)
}

function chooseIf(args: readonly Syntax[], scope: FormulaScope): FormulaValue {
  const [condition, whenTrue, whenFalse] = args
  if (condition === undefined || whenTrue === undefined) return fault
  const value = evaluate(condition, scope)
  if (isFault(value)) return value
  if (isTrue(value)) return evaluate(whenTrue, scope)
  return whenFalse === undefined ? null : evaluate(whenFalse, scope)
}

function chooseSwitch(args: readonly Syntax[], scope: FormulaScope): FormulaValue {
  const [subject, ...rest] = args
  if (subject === undefined) return fault
  const value = evaluate(subject, scope)
  if (isFault(value)) return value
  for (let at = 0; at + 1 < rest.length; at += 2) {
    const [pattern, result] = [rest[at], rest[at + 1]]
    if (pattern !== undefined && result !== undefined && equalValues(value, evaluate(pattern, scope))) {
      return evaluate(result, scope)
    }
  }
  const otherwise = rest.length % 2 === 1 ? rest.at(-1) : undefined
  return otherwise === undefined ? null : evaluate(otherwise, scope)
}

function operate(operator: Operator, left: FormulaValue, right: FormulaValue): FormulaValue {
  switch (operator) {
    case '=':
      return equalValues(left, right)
    case '!=':
      return !equalValues(left, right)
    case '&':
      return textOf(left) + textOf(right)
    case '<':
      return ordered(left, right, (difference) => difference < 0)
    case '<=':
      return ordered(left, right, (difference) => difference <= 0)
    case '>':
      return ordered(left, right, (difference) => difference > 0)
    case '>=':
      return ordered(left, right, (difference) => difference >= 0)
    default:
      return calculate(operator, left, right)
  }
}

function ordered(left: FormulaValue, right: FormulaValue, test: (difference: number) => boolean): FormulaValue {
  const difference = compareValues(left, right)
  return difference === undefined ? fault : test(difference)
}

/** Text on either side of `+` joins [?]; a division by zero is Infinity or NaN, which the API shows as `specialValue`. */
function calculate(operator: '+' | '-' | '*' | '/', left: FormulaValue, right: FormulaValue): FormulaValue {
  if (operator === '+' && (typeof left === 'string' || typeof right === 'string')) return textOf(left) + textOf(right)
  const [a, b] = [numberOf(left), numberOf(right)]
  if (a === undefined || b === undefined) return fault
  if (operator === '+') return a + b
  if (operator === '-') return a - b
  return operator === '*' ? a * b : a / b
}
