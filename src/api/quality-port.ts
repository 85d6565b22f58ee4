/** What the API needs of the quality of tables. The composition root implements it over the inspector of the kind. */
import type { WriteContext, WriteRefusal } from '../leads/editor.ts'
import type { Cell } from '../values/field-type.ts'
import type { Awaitable } from './ports.ts'

type SeverityName = 'low' | 'medium' | 'high' | 'critical'

/** A check that tells of something. */
export interface QualityIssueView {
  /** Stable: `ai_message.length`. */
  readonly id: string
  /** Null where it is about rows, or the table, as a whole. */
  readonly field: string | null
  readonly severity: SeverityName
  readonly message: string
  readonly affected: { readonly count: number; readonly sample: readonly string[] }
  /** What would mend it: for a person, or the resource whose repairs do. */
  readonly suggestion: string
  readonly mendedBy: { readonly kind: string; readonly name: string } | null
}

/** A check with the rows that fail it, also where none does. */
export interface QualityCheckView {
  readonly id: string
  readonly field: string | null
  /** What holds where it passes. */
  readonly title: string
  readonly failing: number
  /** Rows that a person said are right as they are; not among those that fail. */
  readonly waived: number
  /** The share of rows that pass, in percent. */
  readonly percent: number
  /** The share that is asked for, where one is. */
  readonly target: number | null
}

export interface QualityReportView {
  readonly table: string
  readonly rows: number
  readonly score: number
  readonly fields: readonly {
    readonly field: string
    readonly score: number
    readonly checks: readonly QualityCheckView[]
  }[]
  /** The gravest first. */
  readonly issues: readonly QualityIssueView[]
  readonly checks: readonly QualityCheckView[]
}

export interface QualityTrendView {
  readonly atMs: number
  readonly score: number
  readonly rows: number
  readonly failing: readonly { readonly check: string; readonly count: number }[]
}

/** How one record stands. */
export interface LeadQualityView {
  readonly score: number
  readonly fields: readonly { readonly field: string; readonly score: number }[]
  readonly issues: readonly {
    readonly check: string
    readonly field: string | null
    readonly severity: SeverityName
    /** Why, without the value. */
    readonly reason: string
  }[]
  /** What fails and was said to be right. */
  readonly waived: readonly QualityWaiverView[]
}

/** What a person said is right although a check fails. */
export interface QualityWaiverView {
  /** Another waiver has another. */
  readonly id: string
  readonly key: string
  readonly check: string
  readonly by: string
  /** ISO 8601. */
  readonly at: string
  readonly reason: string
  /** Not any more where a value that the check looks at is another. */
  readonly holds: boolean
}

/** A value that would mend one record. */
export interface QualitySuggestionView {
  /** Another suggestion has another. */
  readonly id: string
  readonly key: string
  readonly check: string
  readonly field: string
  readonly before: Cell
  readonly after: Cell
  readonly why: string
}

export type WaiveResult =
  /** `actionId` is undefined where all of it was said before. */
  | {
      readonly is: 'waived'
      readonly key: string
      readonly checks: readonly string[]
      readonly actionId: string | undefined
    }
  | WriteRefusal

export interface QualityPort {
  /** Tables of which something is declared, in the order of the file. */
  tables(): readonly string[]
  /** As the table is now. Throws NOT_FOUND where it is not there yet. */
  report(table: string): Promise<QualityReportView>
  /** By key; records that are not there are left out. */
  leads(table: string, keys: readonly string[]): Promise<ReadonlyMap<string, LeadQualityView>>
  /** Oldest first, also those that do not hold any more. */
  waivers(table: string): Promise<readonly QualityWaiverView[]>
  /** The action that a waiver was said by, which an undo takes back; undefined where it is no longer kept. */
  waiverAction(id: string): Promise<string | undefined>
  /** Says that values of one record are right although these checks fail. It lasts until one of them changes, or an undo. */
  waive(table: string, key: string, checks: readonly string[], context: WriteContext): Promise<WaiveResult>
  /** Check by check, in the order of the file. */
  suggestions(
    table: string,
    query: { readonly check?: string | undefined; readonly limit: number },
  ): Promise<readonly QualitySuggestionView[]>
  /** By key; records without any are left out. */
  suggestionsFor(table: string, keys: readonly string[]): Promise<ReadonlyMap<string, readonly QualitySuggestionView[]>>
  /** The newest `limit` scores since a moment, oldest first. */
  trend(table: string, sinceMs: number, limit: number): Awaitable<readonly QualityTrendView[]>
}
