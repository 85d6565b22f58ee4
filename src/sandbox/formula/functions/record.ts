/** Functions that ask about the record itself. LAST_MODIFIED_TIME takes fields, not values: see evaluate.ts. */
import type { FormulaFunctions } from '../scope.ts'
import { dateValue } from '../value.ts'

export const recordFunctions: FormulaFunctions = {
  RECORD_ID: { min: 0, max: 0, run: (_args, scope) => scope.recordId },
  CREATED_TIME: { min: 0, max: 0, run: (_args, scope) => dateValue(scope.createdMs) },
}
