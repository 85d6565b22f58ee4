/** What would make a table of Airtable what a set holds, record by record. Pure. */
import { z } from 'zod'
import { canonicalJson, type JsonValue } from '../../../json.ts'
import type { RemoteRecord } from '../../../targets/airtable/ports.ts'

const cellSchema: z.ZodType<JsonValue> = z.json()
const cellsSchema = z.record(z.string(), cellSchema)

/** One record; cells by the ids of their fields, null for an empty one. */
export const moveSchema = z.discriminatedUnion('is', [
  /** It comes back, under another id; told from others by its key. */
  z.strictObject({ is: z.literal('create'), key: z.string(), after: cellsSchema }),
  /** The cells that differ. */
  z.strictObject({
    is: z.literal('update'),
    key: z.string(),
    rec: z.string(),
    before: cellsSchema,
    after: cellsSchema,
  }),
  z.strictObject({ is: z.literal('delete'), key: z.string(), rec: z.string(), before: cellsSchema }),
])
export type RecordMove = z.output<typeof moveSchema>

type Stored = Pick<RemoteRecord, 'id' | 'fields'>

export interface MovesAsked {
  readonly set: readonly Stored[]
  readonly now: readonly RemoteRecord[]
  /** Ids of the fields that can be written, with that of the key. */
  readonly fieldIds: readonly string[]
  readonly keyFieldId: string
  readonly keys: readonly string[] | null
  readonly removeOthers: boolean
}

export interface MovesFound {
  readonly moves: readonly RecordMove[]
  /** Ids of records of the set that are gone and have no key: a crash could double them, so that they stay away. */
  readonly keyless: readonly string[]
  /** Records that the set does not have, and that stay. */
  readonly left: number
}

export function movesOf({ set, now, fieldIds, keyFieldId, keys, removeOthers }: MovesAsked): MovesFound {
  const keyOf = ({ fields }: Stored) => textOf(fields[keyFieldId])
  const isMeant = (record: Stored) => keys === null || keys.includes(record.id) || keys.includes(keyOf(record) ?? '')
  const byId = new Map(now.map((one) => [one.id, one]))
  const byKey = new Map<string, RemoteRecord>()
  for (const one of [...now].sort((a, b) => b.createdMs - a.createdMs)) {
    const key = keyOf(one)
    if (key !== undefined) byKey.set(key, one)
  }
  const matched = new Set<string>()
  const moves: RecordMove[] = []
  const keyless: string[] = []
  for (const record of set) {
    const key = keyOf(record)
    const found = byId.get(record.id) ?? (key === undefined ? undefined : byKey.get(key))
    if (found !== undefined) matched.add(found.id)
    if (!isMeant(record)) continue
    if (found === undefined) {
      if (key === undefined) keyless.push(record.id)
      else moves.push({ is: 'create', key, after: cellsIn(record, fieldIds) })
      continue
    }
    const differing = fieldIds.filter((id) => !sameCell(found.fields[id], record.fields[id]))
    if (differing.length === 0) continue
    const cells = (of: Stored) => Object.fromEntries(differing.map((id) => [id, of.fields[id] ?? null]))
    moves.push({ is: 'update', key: key ?? record.id, rec: found.id, before: cells(found), after: cells(record) })
  }
  const others = now.filter((record) => !matched.has(record.id) && isMeant(record))
  if (removeOthers)
    for (const record of others)
      moves.push({ is: 'delete', key: keyOf(record) ?? record.id, rec: record.id, before: cellsIn(record, fieldIds) })
  return { moves, keyless, left: removeOthers ? 0 : others.length }
}

/** Where a record stands, by what it holds now: undefined where it is not there. */
export function standOf(move: RecordMove, now: Stored | undefined): 'open' | 'done' | 'changed' {
  switch (move.is) {
    case 'create':
      if (now === undefined) return 'open'
      return holds(now, move.after) ? 'done' : 'changed'
    case 'update':
      if (now === undefined) return 'changed'
      if (holds(now, move.after)) return 'done'
      return holds(now, move.before) ? 'open' : 'changed'
    case 'delete':
      if (now === undefined) return 'done'
      return holds(now, move.before) ? 'open' : 'changed'
  }
}

/** What takes a move back; undefined where that is not possible, since the record has no key. `now`: as it is. */
export function reverseOf(move: RecordMove, now: Stored | undefined, keyFieldId: string): RecordMove | undefined {
  switch (move.is) {
    case 'create':
      return now === undefined ? undefined : { is: 'delete', key: move.key, rec: now.id, before: move.after }
    case 'update':
      return { ...move, before: move.after, after: move.before }
    case 'delete':
      return textOf(move.before[keyFieldId]) === undefined
        ? undefined
        : { is: 'create', key: move.key, after: move.before }
  }
}

/**
 * What takes a move back over what was changed since: what is there now is what it starts from. Undefined where the record is gone,
 * or has no key to come back by.
 */
export function overReverseOf(
  move: RecordMove,
  now: Stored | undefined,
  fieldIds: readonly string[],
): RecordMove | undefined {
  if (now === undefined || move.is === 'delete') return undefined
  if (move.is === 'create') return { is: 'delete', key: move.key, rec: now.id, before: cellsIn(now, fieldIds) }
  const before = Object.fromEntries(Object.keys(move.before).map((id) => [id, now.fields[id] ?? null]))
  return { ...move, before, after: move.before }
}

function holds({ fields }: Stored, cells: Readonly<Record<string, JsonValue>>): boolean {
  return Object.entries(cells).every(([id, cell]) => sameCell(fields[id], cell))
}

function cellsIn({ fields }: Stored, fieldIds: readonly string[]): Record<string, JsonValue> {
  return Object.fromEntries(
    fieldIds.flatMap((id) => {
      const cell = fields[id]
      return cell === undefined || isEmpty(cell) ? [] : [[id, cell]]
    }),
  )
}

/** Airtable leaves empty cells out of what it answers. */
export function sameCell(one: JsonValue | undefined, other: JsonValue | undefined): boolean {
  if (isEmpty(one) || isEmpty(other)) return isEmpty(one) && isEmpty(other)
  return canonicalJson(one ?? null) === canonicalJson(other ?? null)
}

function isEmpty(cell: JsonValue | undefined): boolean {
  return (
    cell === undefined || cell === null || cell === '' || cell === false || (Array.isArray(cell) && cell.length === 0)
  )
}

function textOf(cell: JsonValue | undefined): string | undefined {
  return typeof cell === 'string' && cell !== '' ? cell : undefined
}
