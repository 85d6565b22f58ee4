import { z } from 'zod'
import { type JsonObject, type JsonValue, shortHashOf } from '../json.ts'
import { type Action, reversibilities } from './action.ts'
import { severities } from './drift.ts'

const jsonSchema: z.ZodType<JsonValue> = z.json()
const objectSchema: z.ZodType<JsonObject> = z.record(z.string(), jsonSchema)

/** An action as the journal and saved plans keep it: whole, but without its preview, which shows values of cells. */
const journaledActionSchema = z.object({
  id: z.string(),
  resource: z.object({ kind: z.string(), name: z.string() }),
  verb: z.string(),
  input: objectSchema,
  summary: z.string(),
  risk: z.enum(severities),
  findings: z.array(z.object({ code: z.string(), count: z.number(), message: z.string() })),
  precondition: z.string(),
  affected: z.object({ count: z.number(), sample: z.array(z.string()) }),
  population: z.number(),
  reversible: z.enum(reversibilities),
  needsApproval: z.literal(true).optional(),
  recovery: z.enum(['transactional', 'keyed', 'blind']),
  cost: z.object({ bucket: z.string(), tokens: z.number() }),
  resolves: z.array(z.string()),
  order: z.number(),
  cause: z.enum(['desired-changed', 'drift', 'undo', 'request']),
  requestedBy: z.string().nullable(),
  specHash: z.string(),
  undoes: z.string().nullable(),
  plannedAtMs: z.number(),
})

/** The JSON that is journaled for an action. */
export function journaledAction(action: Action): JsonObject {
  const { preview: _values, requestedBy, undoes, ...rest } = action
  return objectSchema.parse({ ...rest, requestedBy: requestedBy ?? null, undoes: undoes ?? null })
}

/** Reads journaled JSON back; the preview is empty. */
export function readJournaledAction(value: unknown): Action {
  const { requestedBy, undoes, ...rest } = journaledActionSchema.parse(value)
  return Object.freeze({ ...rest, requestedBy: requestedBy ?? undefined, undoes: undoes ?? undefined, preview: [] })
}

/**
 * How an action is rated by the newest look, as a merge patch (RFC 7396) of its journaled form; empty where it is rated as it
 * was journaled. The rating is no part of its identity: the same four values are more or less of a table that shrinks or grows.
 */
export function ratedAnew(journaled: Action | undefined, action: Action): JsonObject {
  if (journaled === undefined) return {}
  const rating = ratingOf(action)
  return shortHashOf(rating) === shortHashOf(ratingOf(journaled)) ? {} : { rated: rating }
}

function ratingOf({ summary, risk, findings, affected, population, reversible, needsApproval }: Action): JsonObject {
  return objectSchema.parse({
    ...{ summary, risk, findings, population, reversible, needsApproval: needsApproval ?? null },
    affected: { count: affected.count },
  })
}
