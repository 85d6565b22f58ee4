/**
 * Undo of some records of an action: which ones, and what becomes of those that somebody changed since. An undo that leaves
 * records out is not the end of its original, the rest of which can still be taken back.
 */
import { z } from 'zod'
import type { JsonObject, JsonValue } from '../json.ts'
import type { Action } from './action.ts'

/** What a person asks: which records, and what becomes of those that were changed since. */
export interface UndoChoice {
  /** Keys of the records; null: all. */
  readonly keys: readonly string[] | null
  /** For changed records that are in neither list; `stop`: nothing at all is taken back while there is one. */
  readonly onConflict: 'skip' | 'force' | 'stop'
  /** Keys of records that keep what they hold now. */
  readonly keepTheirs: readonly string[]
  /** Keys of records that are taken back over what was changed since. */
  readonly take: readonly string[]
}

/** All records; those that were changed since stay as they are. */
export const wholeUndo: UndoChoice = { keys: null, onConflict: 'skip', keepTheirs: [], take: [] }

/** Keys that one undo may name in each list. */
export const undoKeysMax = 1000

const rowsSchema = z.object({
  keys: z.array(z.string()).nullable(),
  onConflict: z.enum(['skip', 'force']),
  keep: z.array(z.string()),
  take: z.array(z.string()),
})
const undoneSchema = rowsSchema.extend({ left: z.number() })

/** The choice as kinds are given it, and as the action keeps it. */
export type UndoRows = z.output<typeof rowsSchema>

/** A record that is not any more what the action made of it, as a kind tells it. */
export interface UndoConflict {
  readonly table: string
  readonly key: string
  readonly is: 'changed' | 'gone' | 'back'
  readonly cells: readonly {
    readonly field: string
    readonly before: JsonValue
    readonly made: JsonValue
    readonly now: JsonValue
  }[]
  readonly outcome: 'kept' | 'taken'
  readonly isChosen: boolean
  /** Later actions that are known to have written it, oldest first; empty where that is not known. */
  readonly by: readonly string[]
  /** Whether these lead from what the action made to what is there now without a gap. */
  readonly isUnbroken: boolean
}

/** What an undo comes to, record by record. */
export interface UndoneRows {
  /** 200 at most. */
  readonly conflicts: readonly UndoConflict[]
  readonly conflictCount: number
  /** Keys that the choice names ({@link namedKeys}) and that the action did not touch. */
  readonly unknownKeys: readonly string[]
  /** Records that the choice leaves out and that could still be taken back. */
  readonly left: number
}

/** Undefined where all is taken back as ever: such an undo is the same action as one without a choice. */
export function rowsOfChoice({ keys, onConflict, keepTheirs, take }: UndoChoice): UndoRows | undefined {
  const isPlain = keys === null && onConflict !== 'force' && take.length === 0
  if (isPlain) return undefined
  return {
    keys: keys === null ? null : [...new Set(keys)].sort(),
    onConflict: onConflict === 'force' ? 'force' : 'skip',
    keep: [...new Set(keepTheirs)].sort(),
    take: [...new Set(take)].sort(),
  }
}

/** All keys that a choice names: one that no record has is mistyped, and must not pass as one that is decided on. */
export function namedKeys(rows: UndoRows | undefined): readonly string[] {
  return rows === undefined ? [] : [...new Set([...(rows.keys ?? []), ...rows.take, ...rows.keep])]
}

/** The input of an undo with the choice it was made by. */
export function withRows(input: JsonObject, rows: UndoRows | undefined, left: number): JsonObject {
  return rows === undefined ? input : { ...input, rows: { ...rows, left } }
}

/** The choice by which an undo was planned. */
export function rowsOf(action: Action): UndoRows | undefined {
  const { rows } = action.input
  return rows === undefined ? undefined : rowsSchema.parse(rows)
}

/** Whether an undo leaves out records of its original that could be taken back too. */
export function isPartial(undo: Action): boolean {
  const { rows } = undo.input
  if (rows === undefined) return false
  const { keys, left } = undoneSchema.parse(rows)
  return keys !== null && left > 0
}
