/** What may be asked of the duplicates of one table. The composition root implements it over the kind and the writer. */
import type { Cell } from '../values/field-type.ts'
import type { WriteContext, WriteRefusal } from './editor.ts'

/** `merge`: sure enough to be merged unasked. `review`: a person decides. */
export const duplicateStates = ['merge', 'review'] as const
export type DuplicateState = (typeof duplicateStates)[number]

/** One step of the sum that makes a confidence. */
export interface DuplicateEvidence {
  /** The field, with the part behind a dot where it has parts. */
  readonly field: string
  readonly level: string
  /** Bits for or against. */
  readonly bits: number
  /** Likeness from 0 to 1 of values that are neither equal nor different. */
  readonly likeness: number | null
  /** How many records have the value, of equal ones. */
  readonly sharers: number | null
}

/** Two records of a group, and why they are taken for one. */
export interface DuplicatePair {
  readonly one: string
  readonly other: string
  readonly confidence: number
  /** Names of the declared rules that it meets. */
  readonly rules: readonly string[]
  /** `same email; full_name 0.94 Jaro-Winkler; company equal after suffix`. */
  readonly explanation: string
  /** Log-odds in bits before anything was compared. */
  readonly priorBits: number
  readonly evidence: readonly DuplicateEvidence[]
}

/** A field of the record that stays, and what becomes of it. */
export interface MergedField {
  readonly field: string
  readonly before: Cell
  readonly after: Cell
  /** The record that the value comes from; null for a union. */
  readonly from: string | null
}

export interface DuplicateGroup {
  /** Of its members: the same as long as they are. */
  readonly id: string
  readonly state: DuplicateState
  readonly confidence: number
  /** The rule of its surest pair; `likeness` where all fields together speak. */
  readonly rule: string
  readonly keys: readonly string[]
  /** The record that would stay. */
  readonly survivor: string
  /** What would change in it. */
  readonly changes: readonly MergedField[]
  readonly pairs: readonly DuplicatePair[]
  /** The planned merge of the group, or of all like it. */
  readonly actionId: string | null
}

/** A pair that a person told apart. */
export interface ToldApart {
  readonly one: string
  readonly other: string
  readonly by: string
  /** ISO 8601. */
  readonly at: string
  readonly reason: string
}

export interface MergeRequest {
  /** Two or more. */
  readonly keys: readonly string[]
  /** The record that stays; by the declared strategy where it is left out. */
  readonly survivor?: string | undefined
  /** The record whose value a field takes, by field. */
  readonly take?: ReadonlyMap<string, string> | undefined
}

/** What a merge would do. */
export interface MergePreview {
  readonly survivor: string
  readonly removed: readonly string[]
  readonly changes: readonly MergedField[]
  /** Records of other tables that would refer to the survivor, or go because it has one like them. */
  readonly references: readonly { readonly table: string; readonly count: number }[]
}

export type MergeResult =
  | { readonly is: 'merged'; readonly key: string; readonly actionId: string; readonly preview: MergePreview }
  | { readonly is: 'would-merge'; readonly preview: MergePreview }
  | Exclude<WriteRefusal, { is: 'not-found' }>
  | { readonly is: 'not-found'; readonly key: string }

export type TellApartResult =
  /** `actionId` is undefined where they were told apart already. */
  | { readonly is: 'told-apart'; readonly keys: readonly string[]; readonly actionId: string | undefined }
  | Exclude<WriteRefusal, { is: 'not-found' }>
  | { readonly is: 'not-found'; readonly key: string }

/** An existing record that values which are to be added mean. */
export interface LeadMatch {
  readonly key: string
  readonly confidence: number
  readonly explanation: string
}

export interface GroupsRequest {
  readonly state?: DuplicateState | undefined
  /** The group of this record. */
  readonly key?: string | undefined
  readonly limit: number
  /** How many to pass over. */
  readonly after: number
}

export interface LeadDuplicates {
  /** What is done with a new record that means an existing one. */
  readonly onInsert: 'merge' | 'refuse' | 'flag'
  /** The surest first; those that are merged unasked before those that wait. */
  groups(request: GroupsRequest): Promise<readonly DuplicateGroup[]>
  counts(): Promise<Readonly<Record<DuplicateState, number>>>
  toldApart(): Promise<readonly ToldApart[]>
  merge(request: MergeRequest, context: WriteContext, dryRun: boolean): Promise<MergeResult>
  /** Says of all pairs of these records that they are not duplicates. It lasts until it is undone. */
  tellApart(keys: readonly string[], context: WriteContext): Promise<TellApartResult>
  /** The surest record that these cells mean, if they are sure enough to be merged unasked. */
  match(cells: ReadonlyMap<string, Cell>): Promise<LeadMatch | undefined>
  /** What an existing record takes from values that mean the same lead; undefined where it is gone. It stays itself. */
  absorb(key: string, cells: ReadonlyMap<string, Cell>): Promise<readonly MergedField[] | undefined>
}
