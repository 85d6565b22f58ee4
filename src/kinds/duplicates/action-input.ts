/** What the journal keeps of a merge, and how it is read back. Holds keys of records, no values. */
import { z } from 'zod'
import type { Action } from '../../engine/action.ts'
import { invariant } from '../../errors.ts'
import { specSchema } from './spec.ts'

export const mergeVerb = 'merge'
export const undoVerb = 'undo-merge'

export const mergeSchema = z.object({
  spec: specSchema,
  /** The table's name in the database, and its key. */
  table: z.string(),
  keyColumn: z.string(),
  /** The resource. */
  resource: z.string(),
  /** Whose automatic groups are merged, where they are too many to be named. */
  rule: z.string(),
  /** Keys of each group's members. */
  groups: z.array(z.array(z.string())).nullable(),
})

const undoSchema = z.object({ database: z.string(), table: z.string(), undoes: z.string() })

export type MergeInput = z.output<typeof mergeSchema>
export type UndoInput = z.output<typeof undoSchema>

export type ReadAction =
  | { readonly is: 'merge'; readonly input: MergeInput }
  | { readonly is: 'undo'; readonly input: UndoInput }

/** Reads an action of this kind. Another one breaks an invariant. */
export function readAction(action: Action): ReadAction {
  if (action.verb === mergeVerb) return { is: 'merge', input: mergeSchema.parse(action.input) }
  invariant(action.verb === undoVerb, `duplicates knows no verb ${action.verb}`)
  return { is: 'undo', input: undoSchema.parse(action.input) }
}
