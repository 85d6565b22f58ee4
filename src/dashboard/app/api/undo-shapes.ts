/** What an undo would do and did, and the records that were changed since. */
import * as z from 'zod/mini'
import { outcome } from './shapes.ts'

const conflict = z.object({
  actionId: z.string(),
  table: z.string(),
  key: z.string(),
  kind: z.string(),
  outcome: z.string(),
  cells: z.array(z.object({ field: z.string(), before: z.unknown(), made: z.unknown(), now: z.unknown() })),
  changedBy: z.nullable(z.object({ actionId: z.string(), actor: z.string(), at: z.string(), summary: z.string() })),
})
export type UndoConflict = z.output<typeof conflict>

export const undone = z.object({
  undo: z.extend(outcome, {
    runId: z.optional(z.nullable(z.string())),
    conflicts: z.optional(z.array(z.string())),
    conflictDetails: z.optional(z.array(conflict)),
    actions: z.optional(
      z.array(
        z.object({
          actionId: z.nullable(z.string()),
          state: z.string(),
          undoes: z.string(),
          changes: z.number(),
          remaining: z.number(),
        }),
      ),
    ),
    byHand: z.optional(z.array(z.object({ actionId: z.string(), steps: z.string() }))),
    left: z.optional(z.array(z.object({ actionId: z.string(), message: z.string() }))),
  }),
})
export type Undone = z.output<typeof undone>['undo']
