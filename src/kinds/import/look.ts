/** One look at an import, in a worker thread: opens source and table, maps, and works out what is missing. */
import { stat } from 'node:fs/promises'
import type { Database } from 'better-sqlite3'
import { messageOf, OperationalError } from '../../errors.ts'
import { hashOf, type JsonValue } from '../../json.ts'
import { erasedBy } from '../../targets/erasure/marks.ts'
import { openReading } from '../../targets/sqlite/connection.ts'
import { codeOf, toDatabaseError } from '../../targets/sqlite/database-error.ts'
import { signatureOf } from '../../targets/sqlite/file-signature.ts'
import type { Cell } from '../../values/field-type.ts'
import { AccountBook } from './account-book.ts'
import { fitJudge } from './fit.ts'
import { emptyLog, openLog } from './import-log.ts'
import { jsonSource } from './json-source.ts'
import type { FindKnown } from './judge.ts'
import { type KnownLeads, KnownLeadsNeeded, type OpenKnownLeads } from './known-leads.ts'
import { type Mapping, mapColumns } from './mapping.ts'
import { reckon } from './reckon.ts'
import type { Source } from './source-row.ts'
import { type ImportResource, rolesOf } from './spec.ts'
import { Spool } from './spool.ts'
import { type ImportState, isDone } from './state.ts'
import { surveyColumns } from './survey.ts'
import { tableSource } from './table-source.ts'
import { absentTable, type TargetTable, targetTable } from './target-table.ts'
import type { ThreadInput, ThreadOutput } from './thread-wire.ts'
import { type FoundFiles, findFiles } from './workspace-files.ts'

/** A change within the time that file systems and clocks cannot tell apart may leave a signature as it is, in milliseconds. */
const unsureMs = 2000

/** What a look leaves behind for whoever writes it down. */
export type Keep = (from: {
  readonly spool: Spool
  readonly state: ImportState
  readonly source: string
  readonly blankColumns: readonly string[]
  /** Cells of a lead that is there, by field, as they were seen. */
  readonly cellsOf: (rowId: number) => ReadonlyMap<string, Cell> | undefined
}) => void

/**
 * Looks. `keep` is given what would be written. Throws SOURCE_UNREADABLE naming file and place, and DATABASE_* for the
 * database that is imported into.
 */
export async function lookAtImport(
  input: ThreadInput,
  options: {
    readonly progress: (done: number, total: number) => void
    readonly keep: Keep
    readonly openKnownLeads: OpenKnownLeads
  },
): Promise<ThreadOutput> {
  const { spec } = input
  const opened: Database[] = []
  const open = (path: string): Database => {
    const db = openReading(path)
    opened.push(db)
    return db
  }
  const spool = new Spool()
  let book: AccountBook | undefined
  let knownLeads: KnownLeads | undefined
  try {
    const into = input.targetPath === null ? undefined : inTarget(spec, () => open(input.targetPath ?? ''))
    const found = foundFiles(spec)
    const signature = await signatureFor(input, found, into)
    if (signature !== null && input.report === null && signature === input.known) return { is: 'unchanged' }
    let place = ''
    try {
      const source = openSource(spec, found, () => open(input.sourcePath ?? ''))
      const mapping = mapColumns(surveyColumns(source), spec.into, spec.map, fitJudge(spec.into))
      const target = inTarget(spec, () => openTarget(into, spec, mapping))
      const log = into === undefined ? emptyLog : inTarget(spec, () => openLog(into, spec.name))
      const onRows = (rows: number) => {
        place = `, after row ${rows}`
        // How many there will be is known only at the end.
        options.progress(rows, rows)
      }
      const isErased = input.erased === null ? undefined : erasedBy(input.erased)
      const isListed = input.listed === null ? undefined : erasedBy(input.listed)
      if (input.report !== null) book = new AccountBook(target.holds)
      const { knownLeads: prepared } = input
      if (into !== undefined && prepared !== null && prepared.order !== null)
        knownLeads = inTarget(spec, () => options.openKnownLeads(prepared.order, into))
      const findKnown = findKnownOf(input, target, knownLeads)
      const state = reckon({ spec, source, mapping, target, log, spool, isErased, isListed, onRows, book, findKnown })
      if (input.report !== null && book !== undefined)
        return { is: 'reported', report: { ...book.report(input.report.listedMax), state } }
      const cellsOf = (rowId: number) => target.lead(rowId)?.cells
      options.keep({ spool, state, source: source.name, blankColumns: target.blankColumns, cellsOf })
      return { is: 'looked', state, signature: isDone(state) && state.refusedByTable === 0 ? signature : null }
    } catch (error) {
      if (error instanceof KnownLeadsNeeded) return { is: 'needs-known-leads' }
      throw asSourceError(error, spec, place)
    }
  } finally {
    book?.close()
    knownLeads?.close()
    spool.close()
    for (const db of opened) db.close()
  }
}

/** Undefined where rows are not compared: nothing declares how, or there is no lead to compare with. */
function findKnownOf(
  { spec, knownLeads: prepared }: ThreadInput,
  target: TargetTable,
  knownLeads: KnownLeads | undefined,
): FindKnown | undefined {
  if (spec.into.duplicates === null || target.rows === 0) return undefined
  if (prepared === null)
    return () => {
      throw new KnownLeadsNeeded()
    }
  if (knownLeads === undefined) return undefined
  return (lead) => inTarget(spec, () => knownLeads.find((field) => lead.fields.get(field)))
}

function foundFiles(spec: ImportResource): FoundFiles | undefined {
  if (spec.source.is === 'database') return undefined
  try {
    return findFiles(spec.source)
  } catch (error) {
    throw asSourceError(error, spec, '')
  }
}

function openSource(spec: ImportResource, found: FoundFiles | undefined, open: () => Database): Source {
  const { source } = spec
  if (source.is === 'files') return jsonSource(source.pattern, found ?? { files: [], refused: [] })
  const table = tableSource(open(), `${source.database}.${source.table}`, source.table)
  if (table !== undefined) return table
  throw new OperationalError('SOURCE_UNREADABLE', `${source.path} has no table ${source.table}`, {
    hint: 'Correct `from.table` of the import, or wait until the program that writes it has created the table.',
  })
}

function openTarget(db: Database | undefined, spec: ImportResource, mapping: Mapping): TargetTable {
  if (db === undefined) return absentTable(spec.into, `database ${spec.into.database}`)
  const { raw } = rolesOf(spec.into)
  const written = new Set(mapping.mapped.map((one) => one.field))
  for (const field of spec.into.fields) if (field.default !== null) written.add(field.name)
  if (raw !== undefined) written.add(raw)
  written.delete(spec.into.key)
  return guarded(targetTable(db, spec.into, [...written]), spec)
}

/** What is read of the table later fails as the table's own error, not as the source's. */
function guarded(target: TargetTable, spec: ImportResource): TargetTable {
  return {
    ...target,
    *keys() {
      try {
        yield* target.keys()
      } catch (error) {
        throw toDatabaseError(error, spec.into.path)
      }
    },
    lead: (rowId) => inTarget(spec, () => target.lead(rowId)),
    holds: (key) => inTarget(spec, () => target.holds(key)),
  }
}

/** Errors of the database that is imported into keep their own codes. */
function inTarget<Result>(spec: ImportResource, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw toDatabaseError(error, spec.into.path)
  }
}

/** An error of the world while a source is read; a defect of ours stays what it is. */
function asSourceError(error: unknown, spec: ImportResource, place: string): unknown {
  if (error instanceof OperationalError || codeOf(error) === undefined) return error
  const name = spec.source.is === 'database' ? `${spec.source.path}, table ${spec.source.table}` : spec.source.pattern
  return new OperationalError('SOURCE_UNREADABLE', `${name}${place}: ${messageOf(error)}`, { cause: error })
}

/** Of all that a finished import depends on; null where something changed a moment ago. */
async function signatureFor(
  input: ThreadInput,
  found: FoundFiles | undefined,
  into: Database | undefined,
): Promise<string | null> {
  const erased = input.erased === null ? null : [...input.erased.marks]
  const facts: JsonValue[] = [hashOf(input.spec), into === undefined ? null : runsOf(into, input.spec.name), erased]
  let newestMs = 0
  if (input.spec.source.is === 'database') {
    const { text, newestMs: changedMs } = await signatureOf(input.spec.source.path)
    facts.push(text)
    newestMs = changedMs
  }
  for (const { path, absolute } of found?.files ?? []) {
    const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = await stat(absolute, { bigint: true })
    facts.push([path, `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`])
    newestMs = Math.max(newestMs, Number(ctimeMs))
  }
  for (const { path, reason } of found?.refused ?? []) facts.push([path, reason])
  return newestMs > input.nowMs - unsureMs ? null : hashOf(facts)
}

/** What of the migration log tells that nothing was noted or undone since. */
function runsOf(db: Database, importName: string): JsonValue {
  return openLog(db, importName).runs.map((run) => [run.actionId, run.undoneBy])
}
