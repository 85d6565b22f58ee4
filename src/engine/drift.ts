import type { JsonValue } from '../json.ts'
import type { ResourceKey } from './resource.ts'

export const severities = ['low', 'medium', 'high', 'critical'] as const
export type Severity = (typeof severities)[number]
export type Category = 'database' | 'airtable' | 'service' | 'data'

/** How many records a drift or an action touches, with a few of their keys. */
export interface Affected {
  readonly count: number
  /** Up to 20 record keys. */
  readonly sample: readonly string[]
}

/** One difference between what is declared and what is there, as a kind's `diff` gives it. */
export interface DriftDraft {
  /** Where in the resource, stable over time: `fields.email.format`, `mode.file`. */
  readonly path: string
  readonly severity: Severity
  readonly category: Category
  readonly desired: JsonValue
  readonly observed: JsonValue
  readonly affected: Affected
  /** One sentence for a person, with figures. */
  readonly message: string
  /** Tells this difference from another in the same words, such as of other records; undefined where the words do. */
  readonly mark?: string
  /** What a person does where no action can mend it; undefined where an action does. */
  readonly byHand?: string
}

export interface Drift extends DriftDraft {
  /** Hash of resource and path: the same difference keeps its id from look to look. */
  readonly id: string
  readonly resource: ResourceKey
  /** Whether the declaration changed or the world did. */
  readonly cause: 'desired-changed' | 'drift'
}
