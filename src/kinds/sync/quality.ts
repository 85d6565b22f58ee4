/** Which of two values of a field is the better one, for the policy `highest_quality`. Pure. */
import { z } from 'zod'
import { acceptedPattern, type LinearPattern } from '../../values/linear-pattern.ts'
import { noSiblings } from '../../values/rule.ts'
import { type Standardizer, standardizer } from '../../values/standardizer.ts'
import type { Reading } from './reading.ts'
import type { SyncField } from './spec.ts'

const qualitySchema = z.object({
  minLength: z.int().optional(),
  maxLength: z.int().optional(),
  forbids: z.array(z.string()).optional(),
  pattern: z.string().optional(),
})

/** Compares two readings of the field; undefined for a draw. */
export type Judge = (local: Reading, remote: Reading) => 'local' | 'remote' | undefined

/**
 * A value that can be taken over beats one that cannot, a filled one an empty one, one that the field's rules can read
 * one that they cannot, one in standard form one that is not, one without faults of its declared quality one with, and
 * then the longer text the shorter.
 */
export function judgeOf(field: SyncField): Judge {
  const rules: Standardizer | undefined =
    field.rules.length === 0
      ? undefined
      : standardizer(field.rules, { type: field.type, choices: field.choices ?? undefined })
  const quality = qualitySchema.catch({}).parse(field.quality ?? {})
  const pattern = quality.pattern === undefined ? undefined : acceptedPattern(quality.pattern)
  const scores = (reading: Reading): readonly number[] => {
    if (reading.is === 'unfit') return [0]
    if (reading.value === null) return [1]
    const text = String(reading.value)
    const form = rules?.standardize(text, noSiblings).is ?? 'canonical'
    return [
      2,
      form === 'unmendable' ? 0 : 1,
      form === 'canonical' ? 1 : 0,
      -faultsOf(text, quality, pattern),
      text.length,
    ]
  }
  return (local, remote) => {
    const [mine, theirs] = [scores(local), scores(remote)]
    for (let index = 0; index < Math.max(mine.length, theirs.length); index += 1) {
      const difference = (mine[index] ?? 0) - (theirs[index] ?? 0)
      if (difference !== 0) return difference > 0 ? 'local' : 'remote'
    }
    return undefined
  }
}

function faultsOf(text: string, quality: z.output<typeof qualitySchema>, pattern: LinearPattern | undefined): number {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, forbids = [] } = quality
  const lower = text.toLowerCase()
  return (
    Number(text.length < minLength) +
    Number(text.length > maxLength) +
    forbids.filter((part) => lower.includes(part.toLowerCase())).length +
    Number(pattern !== undefined && !pattern.test(text))
  )
}
