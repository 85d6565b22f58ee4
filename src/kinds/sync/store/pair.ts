/** One lead on both sides, with what they last agreed on. */
import { z } from 'zod'
import type { JsonValue } from '../../../json.ts'
import type { Base } from '../merge-field.ts'
import type { Presence } from '../merge-record.ts'

export interface Pair {
  /** Text of the local key; derived from the record's id where the lead came from Airtable. */
  readonly key: string
  /** Airtable's record; null before one was made. */
  readonly rec: string | null
  /** When the record was made, in milliseconds since the epoch. */
  readonly createdMs: number | null
  /** Rowid of the row as it was last seen. */
  readonly rowId: number | null
  readonly local: Presence
  readonly remote: Presence
  /** By field; null before the sides met. */
  readonly base: Readonly<Record<string, Base>> | null
  /** The record's cells as last seen, by Airtable field id; null where none was seen. */
  readonly cells: Readonly<Record<string, JsonValue>> | null
  /** When each side last changed, as far as anybody knows. */
  readonly localAtMs: number | null
  readonly remoteAtMs: number | null
  /** When the cells were last given by the record itself (a read, the answer to a write), not told of by a payload. */
  readonly readMs: number | null
  /** Something may have to be done: the pair is compared at the next look. */
  readonly dirty: boolean
  readonly status: PairStatus
  /** Why, for a status that has a reason. */
  readonly detail: string | null
  /** Fingerprint of the local row for which nothing is made or deleted, after an undo; see `held` in merge-record. */
  readonly held: string | null
  /** What a person said about a record that one side deleted and the other edited. */
  readonly verdict: 'local' | 'airtable' | null
  /** What a side refused: not tried again while the values are the same. */
  readonly refusal: Refusal | null
  /** Key of the lead that this Airtable record repeats; it is not taken over. */
  readonly twinOf: string | null
  /** How often the other side turned a cell back, by field. */
  readonly bounces: Readonly<Record<string, Bounce>>
}

export const pairStatuses = ['synced', 'pending', 'conflict', 'blocked', 'apart', 'incomplete'] as const
/**
 * `synced`: both sides settled. `pending`: something is to be moved. `conflict`: a person chooses. `blocked`: a side
 * refuses a value. `apart`: left different on purpose (an ignored deletion, an undo). `incomplete`: the record in
 * Airtable lacks what the table requires.
 */
export type PairStatus = (typeof pairStatuses)[number]

export interface Refusal {
  readonly side: 'local' | 'remote'
  /** Of what was refused. */
  readonly fingerprint: string
  readonly reason: string
}

export interface Bounce {
  readonly count: number
  /** The value that was overwritten and came back. */
  readonly value: string
  readonly sinceMs: number
}

export const markSchema = z.union([z.null(), z.string(), z.number(), z.object({ unfit: z.string() })])
const baseSchema = z.record(z.string(), z.tuple([markSchema, markSchema]))
const cellsSchema = z.record(z.string(), z.json())
const presenceSchema = z.enum(['there', 'never', 'gone'])
const refusalSchema = z.object({ side: z.enum(['local', 'remote']), fingerprint: z.string(), reason: z.string() })
const bouncesSchema = z.record(z.string(), z.object({ count: z.number(), value: z.string(), sinceMs: z.number() }))

const rowSchema = z.object({
  key: z.string(),
  rec: z.string().nullable(),
  created_ms: z.number().nullable(),
  row_id: z.number().nullable(),
  local: presenceSchema,
  remote: presenceSchema,
  base: z.string().nullable(),
  cells: z.string().nullable(),
  local_at: z.number().nullable(),
  remote_at: z.number().nullable(),
  read_ms: z.number().nullable(),
  dirty: z.number(),
  status: z.enum(pairStatuses),
  detail: z.string().nullable(),
  held: z.string().nullable(),
  verdict: z.enum(['local', 'airtable']).nullable(),
  refusal: z.string().nullable(),
  twin_of: z.string().nullable(),
  bounces: z.string().nullable(),
})

export function pairOfRow(row: unknown): Pair {
  const read = rowSchema.parse(row)
  return {
    key: read.key,
    rec: read.rec,
    createdMs: read.created_ms,
    rowId: read.row_id,
    local: read.local,
    remote: read.remote,
    base: read.base === null ? null : basesOf(read.base),
    cells: read.cells === null ? null : cellsSchema.parse(JSON.parse(read.cells)),
    localAtMs: read.local_at,
    remoteAtMs: read.remote_at,
    readMs: read.read_ms,
    dirty: read.dirty === 1,
    status: read.status,
    detail: read.detail,
    held: read.held,
    verdict: read.verdict,
    refusal: read.refusal === null ? null : refusalSchema.parse(JSON.parse(read.refusal)),
    twinOf: read.twin_of,
    bounces: read.bounces === null ? {} : bouncesSchema.parse(JSON.parse(read.bounces)),
  }
}

function basesOf(text: string): Record<string, Base> {
  const read = baseSchema.parse(JSON.parse(text))
  return Object.fromEntries(Object.entries(read).map(([field, [local, remote]]) => [field, { local, remote }]))
}

/** The columns of a pair, in the order of {@link pairColumns}. */
export function rowOfPair(pair: Pair): (string | number | null)[] {
  const base =
    pair.base === null
      ? null
      : JSON.stringify(
          Object.fromEntries(Object.entries(pair.base).map(([name, { local, remote }]) => [name, [local, remote]])),
        )
  return [
    pair.key,
    pair.rec,
    pair.createdMs,
    pair.rowId,
    pair.local,
    pair.remote,
    base,
    pair.cells === null ? null : JSON.stringify(pair.cells),
    pair.localAtMs,
    pair.remoteAtMs,
    pair.readMs,
    pair.dirty ? 1 : 0,
    pair.status,
    pair.detail,
    pair.held,
    pair.verdict,
    pair.refusal === null ? null : JSON.stringify(pair.refusal),
    pair.twinOf,
    Object.keys(pair.bounces).length === 0 ? null : JSON.stringify(pair.bounces),
  ]
}

export const pairColumns = [
  'key',
  'rec',
  'created_ms',
  'row_id',
  'local',
  'remote',
  'base',
  'cells',
  'local_at',
  'remote_at',
  'read_ms',
  'dirty',
  'status',
  'detail',
  'held',
  'verdict',
  'refusal',
  'twin_of',
  'bounces',
] as const

/** A pair of which nothing is known but its key. */
export function newPair(key: string): Pair {
  return {
    key,
    rec: null,
    createdMs: null,
    rowId: null,
    local: 'never',
    remote: 'never',
    base: null,
    cells: null,
    localAtMs: null,
    remoteAtMs: null,
    readMs: null,
    dirty: true,
    status: 'pending',
    detail: null,
    held: null,
    verdict: null,
    refusal: null,
    twinOf: null,
    bounces: {},
  }
}
