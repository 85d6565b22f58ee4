/**
 * What Airtable said no to, so that it is not asked the same at every look. A refusal counts for a day, for one declaration and
 * in one process: a restart, an edit of the declaration and a person who asks for a look try again.
 */
import type { Clock } from '../../clock.ts'
import { hashOf } from '../../json.ts'
import type { AirtableSchemaSpec } from './spec.ts'

/** Why not, and what a person does. */
export interface Refusal {
  readonly reason: string
  readonly remedy: string
}

/** What was refused: the webhook, making anything at all, or what resolves the drift of a path. */
export type RefusedPart = 'webhook' | 'creation' | `tables.${string}`

export interface Refusals {
  /** By part; those that still count. */
  of(owner: string, spec: AirtableSchemaSpec): Readonly<Record<string, Refusal>>
  add(owner: string, spec: AirtableSchemaSpec, part: RefusedPart, refusal: Refusal): void
  forget(owner: string): void
}

const keptMs = 86_400_000

interface Kept {
  readonly spec: string
  readonly parts: Map<RefusedPart, { readonly refusal: Refusal; readonly atMs: number }>
}

export function createRefusals(clock: Clock): Refusals {
  const all = new Map<string, Kept>()
  return {
    of(owner, spec) {
      const kept = all.get(owner)
      if (kept?.spec !== hashOf(spec)) return {}
      const fresh = [...kept.parts].filter(([, { atMs }]) => clock.monotonicMs() - atMs < keptMs)
      return Object.fromEntries(fresh.map(([part, { refusal }]) => [part, refusal]))
    },
    add(owner, spec, part, refusal) {
      const before = all.get(owner)
      const kept = before?.spec === hashOf(spec) ? before : { spec: hashOf(spec), parts: new Map() }
      kept.parts.set(part, { refusal, atMs: clock.monotonicMs() })
      all.set(owner, kept)
    },
    forget: (owner) => void all.delete(owner),
  }
}
