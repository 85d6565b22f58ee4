/** Every function of the language but the three that evaluate.ts carries out itself. */
import { dateFunctions } from './functions/date.ts'
import { listFunctions } from './functions/list.ts'
import { logicFunctions } from './functions/logic.ts'
import { numberFunctions } from './functions/number.ts'
import { recordFunctions } from './functions/record.ts'
import { textFunctions } from './functions/text.ts'
import type { FormulaFunction } from './scope.ts'

export const formulaFunctions: ReadonlyMap<string, FormulaFunction> = new Map(
  Object.entries({
    ...logicFunctions,
    ...textFunctions,
    ...numberFunctions,
    ...listFunctions,
    ...dateFunctions,
    ...recordFunctions,
  }),
)
