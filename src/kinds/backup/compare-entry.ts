/** Worker thread: compares a database with a restored copy, and keeps the changes that an action is to make. */
import { z } from 'zod'
import { systemClock } from '../../clock.ts'
import { personPlaceSchema } from '../../targets/erasure/person-layout.ts'
import { serve } from '../../targets/process/serve.ts'
import { openChangeSets } from '../../targets/sqlite/change-sets.ts'
import { openReading } from '../../targets/sqlite/connection.ts'
import { stepsOf } from '../../targets/sqlite/markers.ts'
import { type CompareOptions, compareDatabases, targetOf } from './compare.ts'
import { askSchema, type Comparison } from './restore-state.ts'

export const compareOrderSchema = z.strictObject({
  ask: askSchema,
  /** Where the database may be read, and the copy. */
  place: z.string(),
  copy: z.string(),
  erased: z.object({ key: z.string(), marks: z.array(z.string()) }).nullable(),
  places: z.array(personPlaceSchema),
  /** For a checkpoint: the changes are kept where they are those of the plan. */
  keep: z.strictObject({ checkpoints: z.string(), actionId: z.string(), precondition: z.string() }).nullable(),
})
export type CompareOrder = z.output<typeof compareOrderSchema>

serve((input): Comparison | { readonly evidence: string; readonly images: number } => {
  const { ask, place, copy, erased, places, keep } = compareOrderSchema.parse(input)
  const db = openReading(place)
  const kept = openReading(copy)
  const options = { ask, erased, places }
  try {
    db.prepare('ATTACH ? AS kept').run(copy)
    if (keep === null) return compareDatabases(db, kept, { ...options, add: () => undefined })
    const nothing: CompareOptions = { ...options, add: () => undefined }
    const target = targetOf(db, kept, nothing)
    if (target === undefined) return { evidence: compareDatabases(db, kept, nothing).evidence, images: 0 }
    const changeSets = openChangeSets({ path: keep.checkpoints, clock: systemClock })
    try {
      const known = changeSets.summary(keep.actionId)
      // What was begun is completed as it was kept; what was not is worked out anew.
      if (known !== undefined && stepsOf(db, keep.actionId).length > 0)
        return { evidence: known.fingerprint, images: known.count }
      if (known !== undefined) changeSets.discard(keep.actionId)
      const writer = changeSets.begin(keep.actionId, target)
      let images = 0
      const add = (change: Parameters<typeof writer.add>[0]) => {
        images += 1
        writer.add(change)
      }
      const { evidence } = compareDatabases(db, kept, { ...options, add })
      if (evidence === keep.precondition) writer.finish()
      else writer.abandon()
      return { evidence, images }
    } finally {
      changeSets.close()
    }
  } finally {
    kept.close()
    db.close()
  }
})
