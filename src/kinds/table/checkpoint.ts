/** Keeps what an action takes away before it does, and tells whether the evidence still is what it was planned on. */
import { setImmediate } from 'node:timers/promises'
import type { Action } from '../../engine/action.ts'
import type { Checkpoint } from '../../engine/kind.ts'
import { rowsOf } from '../../engine/undo-rows.ts'
import type { Random } from '../../random.ts'
import { createChangeFingerprint } from '../../targets/sqlite/change-fingerprint.ts'
import type { Change, ChangeSets, ReadView } from '../../targets/sqlite/ports.ts'
import { quoteIdentifier, readTableSchema, type TableSchema } from '../../targets/sqlite/schema-reader.ts'
import type { Cell } from '../../values/field-type.ts'
import { lastSet, nextSet } from './change-set-names.ts'
import { fingerprintOf } from './drafts.ts'
import { type CellsInput, parseInput, type TableInput } from './input.ts'
import { keptCells, keptRows } from './kept-cells.ts'
import { answersFor, type LookPorts, scanRequest } from './look.ts'
import { columnOf } from './questions.ts'
import { readObjects } from './read-state.ts'
import { keptFrom, storedColumns } from './rebuild.ts'
import { moveCondition } from './rename-differences.ts'
import { rowIdName } from './row-id.ts'
import { missingKeyRows, noAnswers, type ScanAnswers } from './scan.ts'
import { findObject, type SchemaObject } from './state.ts'

export interface CheckpointPorts extends LookPorts {
  readonly changeSets: ChangeSets
  readonly random: Random
}

/** The checkpoint of an action. Repeatable: what was kept already and still is so is not kept twice. */
export async function checkpointTable(
  ports: CheckpointPorts,
  action: Action,
  signal: AbortSignal,
): Promise<Checkpoint> {
  const input = parseInput(action.input)
  if (input.does === 'cells' && input.how.is === 'take-back') return takeBack(ports, action, input.how.set)
  const view = await ports.databases.read(input.path)
  try {
    const objects = readObjects(view.db)
    const table = readTableSchema(view.db, input.table)
    const answers = await answersTo(ports, view, input, table, signal)
    const evidence = fingerprintOf(input.evidence, objects, answers)
    // Nothing is kept for an action that is void anyway.
    if (evidence !== action.precondition) return { evidence, images: 0 }
    const kept = await keep(ports, action.id, input, table, view)
    return { evidence, images: kept }
  } finally {
    view.close()
  }
}

/** The answers to the questions of an action; none where its table is not there. */
export async function answersTo(
  ports: LookPorts,
  view: ReadView,
  input: Pick<TableInput, 'evidence' | 'path' | 'key'>,
  table: TableSchema | undefined,
  signal: AbortSignal,
): Promise<ScanAnswers> {
  const { questions } = input.evidence
  const asks = questions.conditions.length + questions.groupings.length > 0 || questions.missingKeysOf !== null
  if (!asks || table === undefined) return noAnswers
  const { answers } = await answersFor(ports, view.db, input.path, scanRequest(table, input.key, questions), signal)
  return answers
}

async function takeBack(ports: CheckpointPorts, action: Action, set: string): Promise<Checkpoint> {
  const { changeSets, databases } = ports
  const reversed = await changeSets.reverse(set, nextSet(changeSets, action.id), databases, rowsOf(action))
  return { evidence: reversed.fingerprint, images: reversed.count }
}

async function keep(
  ports: CheckpointPorts,
  actionId: string,
  input: TableInput,
  table: TableSchema | undefined,
  view: ReadView,
): Promise<number> {
  const target = { path: input.path, table: table?.name ?? input.table, keyColumn: input.key }
  const writeSet = (windows: () => Iterable<readonly Change[]>) =>
    writeOnce(ports.changeSets, actionId, target, windows)
  switch (input.does) {
    case 'statements':
      return 0
    case 'rebuild':
      if (table === undefined || input.keeps.length === 0) return 0
      return writeSet(() => keptCells(view.db, keptFrom(table, input.key), input.keeps))
    case 'drop-table':
      return table === undefined
        ? 0
        : writeSet(() => keptRows(view.db, keptFrom(table, input.key), storedColumns(table)))
    case 'restore-table': {
      const own = findObject(input.objects, 'table', input.table)
      const restored = { ...target, table: own?.name ?? input.table }
      return writeOnce(ports.changeSets, actionId, restored, () => insertsOf(ports.changeSets, input.restores))
    }
    case 'cells':
      return table === undefined ? 0 : keepCells(ports, actionId, input, table, view, target)
  }
}

/** Writes the set unless the last one of the action holds the same changes. */
async function writeOnce(
  changeSets: ChangeSets,
  actionId: string,
  target: { readonly path: string; readonly table: string; readonly keyColumn: string },
  windows: () => Iterable<readonly Change[]>,
): Promise<number> {
  const last = lastSet(changeSets, actionId)
  const known = last === undefined ? undefined : changeSets.summary(last)
  if (known !== undefined) {
    const fingerprint = createChangeFingerprint()
    for (const changes of windows()) {
      for (const change of changes) fingerprint.add(change)
      await setImmediate()
    }
    if (fingerprint.digest() === known.fingerprint) return known.count
  }
  const writer = changeSets.begin(nextSet(changeSets, actionId), target)
  try {
    for (const changes of windows()) {
      for (const change of changes) writer.add(change)
      await setImmediate()
    }
    return writer.finish().count
  } catch (error) {
    writer.abandon()
    throw error
  }
}

const pageChanges = 1000

/** The changes of a finished set, page by page. */
export function* pagesOf(changeSets: ChangeSets, set: string): Generator<readonly Change[]> {
  for (let from = 0; ; from += pageChanges) {
    const page = changeSets.page(set, from, pageChanges)
    if (page.length > 0) yield page
    if (page.length < pageChanges) return
  }
}

function* insertsOf(changeSets: ChangeSets, set: string): Generator<readonly Change[]> {
  for (const page of pagesOf(changeSets, set)) {
    yield page.flatMap((change) => (change.is === 'delete' ? [{ ...change, is: 'insert' as const }] : []))
  }
}

/** The UUIDs are drawn here and kept, so that they are the same however often the action is carried on after a crash. */
async function keepCells(
  ports: CheckpointPorts,
  actionId: string,
  input: CellsInput,
  table: TableSchema,
  view: ReadView,
  target: { readonly path: string; readonly table: string; readonly keyColumn: string },
): Promise<number> {
  if (input.how.is === 'move') {
    const { from, to } = input.how
    return writeOnce(ports.changeSets, actionId, target, () => movedCells(view, table, input.key, from, to))
  }
  const last = lastSet(ports.changeSets, actionId)
  // The same rows lack a key, or the evidence would differ: the UUIDs drawn for them serve until they are given out.
  if (last !== undefined && (await ports.changeSets.probe(last, ports.databases)) !== 'applied') {
    return ports.changeSets.summary(last)?.count ?? 0
  }
  return writeOnce(ports.changeSets, actionId, target, () => newKeys(ports.random, view, table, input.key))
}

function* newKeys(random: Random, view: ReadView, table: TableSchema, key: string): Generator<readonly Change[]> {
  const column = columnOf(table, key)?.name ?? key
  const columns = table.columns.map((one) => one.name)
  const cell = view.db
    .prepare<[bigint], Cell>(
      `SELECT ${quoteIdentifier(column)} FROM ${quoteIdentifier(table.name)} WHERE ${rowIdName(columns)} = ?`,
    )
    .pluck()
  let window: Change[] = []
  for (const rowId of missingKeyRows(view.db, { table: table.name, columns, hasRowId: true }, column)) {
    const before = cell.get(BigInt(rowId)) ?? null
    window.push({ is: 'cell', rowId: Number(rowId), key: before, column, before, after: random.uuid() })
    if (window.length < pageChanges) continue
    yield window
    window = []
  }
  if (window.length > 0) yield window
}

function* movedCells(
  view: ReadView,
  table: TableSchema,
  key: string,
  from: string,
  to: string,
): Generator<readonly Change[]> {
  const columns = table.columns.map((one) => one.name)
  const rowId = rowIdName(columns)
  const names = [key, to, from].map(quoteIdentifier)
  const select = view.db
    .prepare<[bigint], [bigint, Cell, Cell, Cell]>(
      `SELECT ${rowId}, ${names.join(', ')} FROM ${quoteIdentifier(table.name)}
        WHERE ${rowId} > ? AND ${moveCondition(to, from)} ORDER BY ${rowId} LIMIT ${pageChanges}`,
    )
    .raw()
    .safeIntegers()
  let after = -(2n ** 63n)
  for (;;) {
    const rows = select.all(after)
    if (rows.length > 0) {
      yield rows.map(([at, keyCell, before, value]): Change => {
        return { is: 'cell', rowId: Number(at), key: keyCell, column: to, before, after: value }
      })
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageChanges) return
    after = last[0]
  }
}

/** The objects of an action in the order in which they are made: the table first, triggers last. */
export function inOrder(objects: readonly SchemaObject[]): readonly SchemaObject[] {
  const place = { table: 0, index: 1, view: 2, trigger: 3 } as const
  return [...objects].sort((left, right) => place[left.type] - place[right.type])
}
