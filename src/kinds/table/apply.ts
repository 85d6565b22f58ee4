/** Carries actions out, each in one transaction with its marker or by its change set, so that a repeat does nothing twice. */
import type { Database } from 'better-sqlite3'
import { type Clock, isoOf } from '../../clock.ts'
import type { Action } from '../../engine/action.ts'
import type { Applied, EffectContext } from '../../engine/kind.ts'
import { messageOf, OperationalError } from '../../errors.ts'
import { entryUrl } from '../../targets/process/entry-url.ts'
import { codeOf } from '../../targets/sqlite/database-error.ts'
import type { Change } from '../../targets/sqlite/ports.ts'
import { readTableSchema } from '../../targets/sqlite/schema-reader.ts'
import { lastSet } from './change-set-names.ts'
import { type CheckpointPorts, inOrder, pagesOf } from './checkpoint.ts'
import {
  type CellsInput,
  type DropTableInput,
  type Kept,
  parseInput,
  type RebuildInput,
  type RebuildOrder,
  type RestoreTableInput,
  type SchemaOrder,
  type StatementsInput,
} from './input.ts'
import { inlineBytesMax } from './look.ts'
import { markAgain, standsOpen } from './marking.ts'
import { databaseBytes } from './read-state.ts'
import { dropTable, nothingKept, rebuildTable } from './rebuild.ts'
import { runStatements } from './statements.ts'

export interface ApplyPorts extends CheckpointPorts {
  readonly clock: Clock
}

/** How long a change in a thread waits for other programs, in milliseconds. */
const waitMs = 5000

/** Carries the action out. Throws ACTION_STALE and SCHEMA_CHANGE_REFUSED with nothing done, DATABASE_* as the target does. */
export async function applyTable(ports: ApplyPorts, action: Action, context: EffectContext): Promise<Applied> {
  const input = parseInput(action.input)
  try {
    switch (input.does) {
      case 'statements':
        return changed(await statements(ports, action.id, input, context))
      case 'rebuild':
        return changed(await rebuild(ports, action.id, input, context))
      case 'drop-table':
        return changed(await drop(ports, action.id, input, context))
      case 'restore-table':
        return await restoreTable(ports, action.id, input, context)
      case 'cells':
        return await applyCells(ports, action.id, input, context)
    }
  } catch (error) {
    throw refusal(error, input.table)
  }
}

function changed(count: number): Applied {
  return { changed: count, skipped: [], skippedCount: 0, failed: [] }
}

/** A refusal by SQLite in words of the error table: rows that broke a constraint meanwhile, or a form that it does not take. */
function refusal(error: unknown, table: string): unknown {
  const code = codeOf(error)
  if (error instanceof OperationalError || code === undefined) return error
  if (/^SQLITE_CONSTRAINT/.test(code)) {
    return new OperationalError('ACTION_STALE', `table ${table}: ${messageOf(error)}; nothing was changed`, {
      cause: error,
    })
  }
  if (!/^SQLITE_(ERROR|MISMATCH|TOOBIG|AUTH)/.test(code)) return error
  return new OperationalError('SCHEMA_CHANGE_REFUSED', `table ${table}: ${messageOf(error)}`, { cause: error })
}

async function statements(
  ports: ApplyPorts,
  actionId: string,
  input: StatementsInput,
  context: EffectContext,
): Promise<number> {
  const order: SchemaOrder = {
    does: 'statements',
    actionId,
    at: isoOf(ports.clock.nowMs()),
    table: input.table,
    expect: input.evidence.expect,
    statements: input.statements,
  }
  if (await isLarge(ports, input.path)) return inThread(ports, input.path, order, context)
  await ports.databases.write(input.path, (db) => runStatements(db, order), { signal: context.signal })
  return 0
}

/** What the checkpoint holds for the action. */
function keptFor(ports: ApplyPorts, actionId: string): Kept {
  const set = lastSet(ports.changeSets, actionId)
  const summary = set === undefined ? undefined : ports.changeSets.summary(set)
  return summary === undefined ? nothingKept() : { count: summary.count, fingerprint: summary.fingerprint }
}

async function rebuild(
  ports: ApplyPorts,
  actionId: string,
  input: RebuildInput,
  context: EffectContext,
): Promise<number> {
  const order: RebuildOrder = {
    does: 'rebuild',
    actionId,
    at: isoOf(ports.clock.nowMs()),
    table: input.table,
    key: input.key,
    expect: input.evidence.expect,
    edits: input.edits,
    drop: input.drop,
    create: input.create,
    keeps: input.keeps,
    kept: input.keeps.length === 0 ? nothingKept() : keptFor(ports, actionId),
  }
  const { restores } = input
  // Cells that come back are read from the checkpoints, which this thread has open.
  if (restores === null && (await isLarge(ports, input.path))) {
    return inThread(ports, input.path, order, context)
  }
  const restored = (): Iterable<readonly Change[]> => (restores === null ? [] : pagesOf(ports.changeSets, restores))
  const { signal } = context
  return ports.databases.exclusive(input.path, (db) => rebuildTable(db, order, restored()), { signal })
}

async function drop(
  ports: ApplyPorts,
  actionId: string,
  input: DropTableInput,
  context: EffectContext,
): Promise<number> {
  const order: SchemaOrder = {
    does: 'drop-table',
    actionId,
    at: isoOf(ports.clock.nowMs()),
    table: input.table,
    key: input.key,
    expect: input.evidence.expect,
    kept: keptFor(ports, actionId),
  }
  if (await isLarge(ports, input.path)) return inThread(ports, input.path, order, context)
  return ports.databases.exclusive(input.path, (db) => dropTable(db, order), { signal: context.signal })
}

async function isLarge(ports: ApplyPorts, path: string): Promise<boolean> {
  const view = await ports.databases.read(path)
  try {
    return databaseBytes(view.db) > inlineBytesMax
  } finally {
    view.close()
  }
}

async function inThread(ports: ApplyPorts, path: string, order: SchemaOrder, context: EffectContext): Promise<number> {
  const entry = entryUrl('./change-entry', import.meta.url)
  const done = await ports.offload.thread(entry, { path, waitMs, order }, { signal: context.signal })
  return Number(done)
}

async function restoreTable(
  ports: ApplyPorts,
  actionId: string,
  input: RestoreTableInput,
  context: EffectContext,
): Promise<Applied> {
  const at = isoOf(ports.clock.nowMs())
  const { signal } = context
  const objects = inOrder(input.objects)
  const make = (step: string, types: readonly string[], isDone: (db: Database) => boolean) =>
    ports.databases.write(
      input.path,
      (db) => {
        if (isDone(db)) return
        for (const object of objects) if (types.includes(object.type)) db.exec(object.sql)
        markAgain(db, `${actionId}/${step}`, at)
      },
      { signal },
    )
  const isThere = (db: Database) => readTableSchema(db, input.table) !== undefined
  await make('table', ['table', 'index'], isThere)
  const outcome = await applySet(ports, actionId, context)
  // Triggers come last: they stood on the table while its rows were there, and must not fire for their return.
  await make('triggers', ['trigger'], (db) => (readTableSchema(db, input.table)?.triggers.length ?? 0) > 0)
  return outcome
}

async function applyCells(
  ports: ApplyPorts,
  actionId: string,
  _input: CellsInput,
  context: EffectContext,
): Promise<Applied> {
  return applySet(ports, actionId, context)
}

async function applySet(ports: ApplyPorts, actionId: string, context: EffectContext): Promise<Applied> {
  const set = lastSet(ports.changeSets, actionId)
  if (set === undefined) throw new OperationalError('ACTION_STALE', `the checkpoint of action ${actionId} is gone`)
  return ports.changeSets.apply(set, ports.databases, context)
}

/** After a crash: what of the action stands in the database. */
export async function probeTable(
  ports: ApplyPorts,
  action: Action,
): Promise<'applied' | 'partly' | 'not-applied' | 'unknown'> {
  const input = parseInput(action.input)
  if (input.does === 'cells') return probeSet(ports, action.id)
  const view = await ports.databases.read(input.path)
  try {
    if (input.does !== 'restore-table') {
      return standsOpen(view.db, action.id, input.evidence.expect) ? 'not-applied' : 'applied'
    }
    if (readTableSchema(view.db, input.table) === undefined) return 'not-applied'
    if (standsOpen(view.db, `${action.id}/triggers`, [])) return 'partly'
  } finally {
    view.close()
  }
  return probeSet(ports, action.id)
}

async function probeSet(ports: ApplyPorts, actionId: string): Promise<'applied' | 'partly' | 'not-applied'> {
  const set = lastSet(ports.changeSets, actionId)
  return set === undefined ? 'not-applied' : ports.changeSets.probe(set, ports.databases)
}
