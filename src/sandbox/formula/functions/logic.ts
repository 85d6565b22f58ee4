/** AND, OR, XOR, NOT, constants and the inspection of faults. IF and SWITCH are evaluated lazily in evaluate.ts. */
import { type FormulaFunctions, many } from '../scope.ts'
import { fault, flat, isFault, isTrue } from '../value.ts'

export const logicFunctions: FormulaFunctions = {
  AND: { min: 1, max: many, run: (args) => flat(args).every(isTrue) },
  OR: { min: 1, max: many, run: (args) => flat(args).some(isTrue) },
  XOR: { min: 1, max: many, run: (args) => flat(args).filter(isTrue).length % 2 === 1 },
  NOT: { min: 1, max: 1, run: ([value = null]) => !isTrue(value) },
  TRUE: { min: 0, max: 0, run: () => true },
  FALSE: { min: 0, max: 0, run: () => false },
  BLANK: { min: 0, max: 0, run: () => null },
  ERROR: { min: 0, max: 1, run: () => fault },
  ISERROR: {
    min: 1,
    max: 1,
    faults: true,
    run: ([value = null]) => isFault(value) || (typeof value === 'number' && !Number.isFinite(value)),
  },
}
