/** What the journal keeps of an action, and how it is read back. */
import { z } from 'zod'
import type { Action } from '../../engine/action.ts'
import { invariant } from '../../errors.ts'
import { standardizeRules } from '../../values/rules/index.ts'
import { specSchema } from './spec.ts'

export const standardizeVerb = 'standardize'
export const undoVerb = 'undo-standardize'

export const standardizeSchema = z.object({
  /** The spec narrowed to the one field. */
  spec: specSchema,
  column: z.string(),
  keyColumn: z.string(),
  /** The table's name in the database. */
  table: z.string(),
  /** The rows concerned; null for all of the table. */
  rowIds: z.array(z.number()).nullable(),
})

const undoSchema = z.object({ database: z.string(), table: z.string(), undoes: z.string() })

export type StandardizeInput = z.output<typeof standardizeSchema>
export type UndoInput = z.output<typeof undoSchema>

export type ReadAction =
  | { readonly is: 'standardize'; readonly input: StandardizeInput }
  | { readonly is: 'undo'; readonly input: UndoInput }

/** Reads an action of this kind. Another one breaks an invariant. */
export function readAction(action: Action): ReadAction {
  if (action.verb === standardizeVerb) return { is: 'standardize', input: standardizeSchema.parse(action.input) }
  invariant(action.verb === undoVerb, `standardization knows no verb ${action.verb}`)
  return { is: 'undo', input: undoSchema.parse(action.input) }
}

/** Whether the rules are still those that the action was planned with. */
export function rulesAreCurrent(input: StandardizeInput): boolean {
  return input.spec.fields.every((field) =>
    field.rules.every(({ rule, version }) => standardizeRules.get(rule)?.version === version),
  )
}
