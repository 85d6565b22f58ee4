/**
 * The two change sets of an import: the changes of the leads, and the rows of the migration log that are noted once those
 * changes are made. Both are kept before anything is written, so that a crash at any point can be continued.
 */
import { z } from 'zod'
import { isoOf } from '../../clock.ts'
import { InvariantViolation } from '../../errors.ts'
import type { Change, ChangeSets, Databases } from '../../targets/sqlite/ports.ts'
import { isoDate, isoDateTime } from '../../values/calendar.ts'
import type { Cell } from '../../values/field-type.ts'
import { beginRun, finishRun, type LogRow, logTable, noteRows, outcomes } from './import-log.ts'
import type { ImportResource } from './spec.ts'
import type { Fill, Spool } from './spool.ts'
import type { ImportState } from './state.ts'

const pageRows = 500

/** The id under which the log's rows of an action are kept. */
function logSetId(actionId: string): string {
  return `${actionId}:log`
}

const headSchema = z.strictObject({
  evidence: z.string(),
  source: z.string(),
  at: z.string(),
  inserted: z.number(),
  merged: z.number(),
  unchanged: z.number(),
  withheld: z.number(),
  refused: z.number(),
  // Absent in what was kept before these were noted.
  rows: z.number().default(0),
  settled: z.number().default(0),
  repeated: z.number().default(0),
})

const rowSchema = z.strictObject({
  fingerprint: z.string(),
  outcome: z.enum(outcomes),
  leadKey: z.string().nullable(),
  reason: z.string().nullable(),
  linkedin: z.number().nullable(),
  email: z.number().nullable(),
  person: z.number().nullable(),
  // Absent in what was kept before places were noted.
  file: z.string().nullable().default(null),
  row: z.number().nullable().default(null),
  line: z.number().nullable().default(null),
})

/** Keeps both sets; what an interrupted try has finished is left as it is. */
export function keepSets(
  sets: ChangeSets,
  actionId: string,
  from: {
    readonly spec: ImportResource
    readonly spool: Spool
    readonly state: ImportState
    readonly source: string
    readonly blankColumns: readonly string[]
    readonly cellsOf: (rowId: number) => ReadonlyMap<string, Cell> | undefined
    readonly nowMs: number
  },
): void {
  const { spec, spool, state, nowMs } = from
  const { path, table, key } = spec.into
  if (sets.summary(actionId) === undefined) {
    const writer = sets.begin(actionId, { path, table, keyColumn: key })
    for (const change of fillsOf(spec, spool, from.cellsOf, nowMs)) writer.add(change)
    const blank = Object.fromEntries(from.blankColumns.map((column) => [column, null]))
    const otherwise = { ...blank, ...momentsOf(spec, nowMs) }
    for (const lead of spool.leads())
      writer.add({ is: 'insert', rowId: 0, key: lead.key, row: { ...otherwise, ...lead.cells } })
    writer.finish()
  }
  if (sets.summary(logSetId(actionId)) !== undefined) return
  const writer = sets.begin(logSetId(actionId), { path, table: logTable, keyColumn: 'source_row' })
  const extent = { rows: state.rows, settled: state.settled, repeated: state.repeated }
  const head = { evidence: state.evidence, source: from.source, at: isoOf(nowMs), ...state.outcomes, ...extent }
  writer.add({ is: 'insert', rowId: 0, key: 'head', row: head })
  for (const { sourceRow, ...row } of spool.ledger()) writer.add({ is: 'insert', rowId: 0, key: sourceRow, row })
  writer.finish()
}

/** The blanks that are filled, record by record, each followed by the stamps of the record's last update. */
function* fillsOf(
  spec: ImportResource,
  spool: Spool,
  cellsOf: (rowId: number) => ReadonlyMap<string, Cell> | undefined,
  nowMs: number,
): Generator<Change> {
  const stamped = spec.into.fields.filter((field) => field.onUpdate)
  const stampsOf = function* (record: readonly Fill[]): Generator<Change> {
    const [first] = record
    if (first === undefined || stamped.length === 0) return
    const { rowId, key } = first
    const cells = cellsOf(rowId)
    for (const { name, type } of stamped) {
      const before = cells?.get(name)
      if (before === undefined || record.some(({ field }) => field === name)) continue
      const after = type === 'date' ? isoDate(nowMs) : isoDateTime(nowMs)
      yield { is: 'cell', rowId, key, column: name, before, after, follows: true }
    }
  }
  let record: Fill[] = []
  for (const fill of spool.fills()) {
    if (record[0] !== undefined && record[0].rowId !== fill.rowId) {
      yield* stampsOf(record)
      record = []
    }
    record.push(fill)
    const { field, ...rest } = fill
    yield { is: 'cell', column: field, ...rest }
  }
  yield* stampsOf(record)
}

/** Values of the fields whose default is `now`. */
function momentsOf(spec: ImportResource, nowMs: number): Record<string, Cell> {
  const fields = spec.into.fields.filter((field) => field.default === 'now')
  return Object.fromEntries(
    fields.map((field) => [field.name, field.type === 'date' ? isoDate(nowMs) : isoDateTime(nowMs)]),
  )
}

/** Drops both sets of an action that was not dispatched. */
export function discardSets(sets: ChangeSets, actionId: string): void {
  sets.discard(actionId)
  sets.discard(logSetId(actionId))
}

/** The evidence that the sets were made from and how many changes of leads they hold; undefined before both are kept. */
export function keptSets(sets: ChangeSets, actionId: string): { evidence: string; changes: number } | undefined {
  const changes = sets.summary(actionId)?.count
  if (changes === undefined || sets.summary(logSetId(actionId)) === undefined) return undefined
  return { evidence: headOf(sets, actionId).evidence, changes }
}

function headOf(sets: ChangeSets, actionId: string): z.output<typeof headSchema> {
  const [head] = sets.page(logSetId(actionId), 0, 1)
  if (head?.is !== 'insert') throw new InvariantViolation(`the log set of ${actionId} has no head`)
  return headSchema.parse(head.row)
}

/**
 * Notes the kept rows in the migration log, some hundred in a transaction. Rows that are noted already are noted again
 * with the same content, so it can be repeated after a crash.
 */
export async function noteKept(
  ports: { readonly changeSets: ChangeSets; readonly databases: Databases },
  actionId: string,
  spec: ImportResource,
  signal: AbortSignal,
): Promise<void> {
  const { changeSets, databases } = ports
  const { evidence: _, source, at, rows, settled, repeated, ...counts } = headOf(changeSets, actionId)
  const run = { actionId, import: spec.name, source, at, counts, extent: { rows, settled, repeated } }
  const count = changeSets.summary(logSetId(actionId))?.count ?? 0
  for (let from = 1; from < count || from === 1; from += pageRows) {
    signal.throwIfAborted()
    const page = changeSets
      .page(logSetId(actionId), from, pageRows)
      .flatMap((change): LogRow[] =>
        change.is === 'insert' ? [{ sourceRow: String(change.key), ...rowSchema.parse(change.row) }] : [],
      )
    const isLast = from + pageRows >= count
    await databases.write(spec.into.path, (db) => {
      noteRows(db, beginRun(db, run), spec.name, spec.into, page)
      if (isLast) finishRun(db, actionId)
    })
  }
}
