/** How a succeeded action would be taken back now. What was changed since is listed and left alone, never overwritten. */
import { setImmediate } from 'node:timers/promises'
import type { Action } from '../../engine/action.ts'
import type { UndoPlan } from '../../engine/kind.ts'
import type { UndoRows } from '../../engine/undo-rows.ts'
import type { Change, ReadView } from '../../targets/sqlite/ports.ts'
import { quoteIdentifier, readTableSchema, type TableSchema } from '../../targets/sqlite/schema-reader.ts'
import type { Cell } from '../../values/field-type.ts'
import { lastSet } from './change-set-names.ts'
import { answersTo, type CheckpointPorts, pagesOf } from './checkpoint.ts'
import { parseColumn } from './create-sql.ts'
import { allRows, counted, draftOf, orders, riskOfLosing } from './drafts.ts'
import {
  type CellsInput,
  type DropTableInput,
  type Evidence,
  noQuestions,
  parseInput,
  type RebuildInput,
  type RestoreTableInput,
  type StatementsInput,
  type TableInput,
} from './input.ts'
import { boundCell } from './kept-cells.ts'
import { columnOf } from './questions.ts'
import { readObjects } from './read-state.ts'
import { rowIdName } from './row-id.ts'
import { noAnswers, type ScanAnswers } from './scan.ts'
import { formOf } from './sql-tokens.ts'
import { currentForm, type Expectation, type SchemaObject } from './state.ts'

interface Undoing {
  readonly ports: CheckpointPorts
  readonly action: Action
  readonly view: ReadView
  readonly objects: readonly SchemaObject[]
  readonly signal: AbortSignal
}

/** The undo of an action, from the world as it is. */
export async function planTableUndo(
  ports: CheckpointPorts,
  action: Action,
  signal: AbortSignal,
  rows?: UndoRows,
): Promise<UndoPlan> {
  const input = parseInput(action.input)
  const view = await ports.databases.read(input.path)
  try {
    const undoing: Undoing = { ports, action, view, objects: readObjects(view.db), signal }
    switch (input.does) {
      case 'statements':
        return await undoStatements(undoing, input)
      case 'rebuild':
        return await undoRebuild(undoing, input)
      case 'cells':
        return await undoCells(undoing, input, rows)
      case 'drop-table':
        return undoDrop(undoing, input)
      case 'restore-table':
        return await undoRestore(undoing, input)
    }
  } finally {
    view.close()
  }
}

function notUndoable(reason: string): UndoPlan {
  return { is: 'not-undoable', reason }
}

/** The evidence of an undo: the things that the action touched, as they are now. */
function evidenceNow(
  objects: readonly SchemaObject[],
  things: readonly Omit<Expectation, 'form'>[],
  questions: Evidence['questions'] = noQuestions,
): Evidence {
  const seen = new Map(things.map((thing) => [`${thing.object} ${thing.table} ${thing.name}`.toLowerCase(), thing]))
  const expect = [...seen.values()].map(({ object, name, table }) => {
    return { object, name, table, form: currentForm(objects, { object, name, table }) }
  })
  return { expect, questions }
}

function changedThing(objects: readonly SchemaObject[], expect: readonly Expectation[]): Expectation | undefined {
  return expect.find((expected) => currentForm(objects, expected) !== expected.form)
}

async function undoStatements(undoing: Undoing, input: StatementsInput): Promise<UndoPlan> {
  const { objects, view, ports, signal } = undoing
  const { inverse } = input
  if (inverse === null) return notUndoable('the action has no inverse')
  const other = changedThing(objects, inverse.expect)
  if (other !== undefined) return notUndoable(`${other.object} ${other.name} is no longer as the action left it`)
  const { guard } = inverse
  const questions =
    guard === null ? noQuestions : { ...noQuestions, conditions: [{ id: 'guard', where: guard.where, preview: null }] }
  const evidence = evidenceNow(objects, [...inverse.expect, ...input.evidence.expect], questions)
  const undo: StatementsInput = {
    ...input,
    evidence,
    statements: inverse.statements,
    inverse: {
      verb: undoing.action.verb,
      statements: input.statements,
      expect: input.evidence.expect,
      guard: null,
    },
  }
  const table = readTableSchema(view.db, guard?.table ?? input.table)
  const answers = await answersTo(ports, view, undo, table, signal)
  const lost = answers.conditions.guard
  if (guard !== null && lost !== undefined && lost.count > 0) {
    const sample = lost.sample.slice(0, 5).join(', ')
    return notUndoable(
      `${counted(lost.count, 'record')} of table ${guard.table} ${guard.says} (${sample}); they would be lost`,
    )
  }
  return undoOf(undoing, undo, answers, {
    verb: inverse.verb,
    summary: `Take back: ${undoing.action.summary}`,
    order: undoing.action.order,
  })
}

interface UndoParts {
  readonly verb: string
  readonly summary: string
  readonly order: number
  readonly count?: number
  readonly population?: number
  readonly conflicts?: readonly string[]
  readonly reversible?: 'exact' | 'from-checkpoint'
  readonly risk?: ReturnType<typeof riskOfLosing>
}

function undoOf(undoing: Undoing, input: TableInput, answers: ScanAnswers, parts: UndoParts): UndoPlan {
  const draft = draftOf(
    { objects: undoing.objects, answers },
    {
      verb: parts.verb,
      input,
      summary: parts.summary,
      risk: parts.risk ?? 'low',
      order: parts.order,
      affected: { count: parts.count ?? 0, sample: [] },
      population: parts.population ?? 0,
      reversible: parts.reversible ?? 'exact',
    },
  )
  return { is: 'undo', draft: { ...draft, resolves: [] }, conflicts: parts.conflicts ?? [] }
}

async function undoRebuild(undoing: Undoing, input: RebuildInput): Promise<UndoPlan> {
  const { objects, view, ports, action, signal } = undoing
  const table = readTableSchema(view.db, input.table)
  if (table === undefined) return notUndoable(`table ${input.table} is no longer there`)
  const left = input.edits.map((edit): Expectation => {
    return {
      object: 'column',
      name: edit.column,
      table: table.name,
      form: edit.after === null ? null : formOf(edit.after),
    }
  })
  const other = changedThing(objects, left)
  if (other !== undefined) return notUndoable(`column ${other.name} is no longer as the action left it`)
  const set = input.keeps.length === 0 ? undefined : lastSet(ports.changeSets, action.id)
  if (input.keeps.length > 0 && set === undefined) return { is: 'expired' }

  const goes = input.edits.filter((edit) => edit.before === null)
  const things = [...left, ...[...input.drop, ...input.create].map(asThing)]
  const values = goes.map(({ column }) => ({
    id: `values.${column}`,
    where: `${quoteIdentifier(column)} IS NOT NULL`,
    preview: null,
  }))
  const undo: RebuildInput = {
    ...input,
    evidence: evidenceNow(objects, things, { ...noQuestions, conditions: values }),
    edits: [...input.edits].reverse().map((edit) => ({ ...edit, before: edit.after, after: edit.before })),
    drop: input.create,
    create: input.drop,
    keeps: goes.map(({ column }) => ({ column, where: `${quoteIdentifier(column)} IS NOT NULL`, to: 'none' as const })),
    restores: set ?? null,
  }
  const answers = await answersTo(ports, view, undo, table, signal)
  const lost = values.reduce((sum, { id }) => sum + (answers.conditions[id]?.count ?? 0), 0)
  // What came back by an undo may go again with its values; what was added empty and filled since may not.
  if (lost > 0 && input.restores === null) {
    return notUndoable(
      `${counted(lost, 'value')} were written since to ${goes.map(({ column }) => column).join(', ')}; they would be lost`,
    )
  }
  const found = set === undefined ? nothingToRestore : await restorable(undoing, table, input, set)
  const bare = withoutValue(undoing, table, input, found.records)
  if (bare !== undefined) return notUndoable(bare)
  return undoOf(undoing, undo, answers, {
    verb:
      goes.length === input.edits.length
        ? 'drop-column'
        : input.edits.every((edit) => edit.after === null)
          ? 'restore-column'
          : 'rebuild',
    summary: `Take back: ${action.summary}${found.count === 0 ? '' : ` ${counted(found.count, 'value')} come back.`}`,
    order: orders.rebuild,
    count: found.count,
    conflicts: found.conflicts,
    reversible: 'from-checkpoint',
    risk: riskOfLosing(lost),
  })
}

function asThing(object: SchemaObject): Omit<Expectation, 'form'> {
  const is = object.type === 'view' ? 'table' : object.type
  return { object: is, name: object.name, table: '' }
}

interface Restorable {
  /** Values that come back. */
  readonly count: number
  /** Records that have one. */
  readonly records: number
  readonly conflicts: readonly string[]
}

const nothingToRestore: Restorable = { count: 0, records: 0, conflicts: [] }
const conflictsMax = 20

/** Which kept cells can come back: their record is there and the cell is as the action left it. */
async function restorable(undoing: Undoing, table: TableSchema, input: RebuildInput, set: string): Promise<Restorable> {
  const { view, ports } = undoing
  const rowId = rowIdName(table.columns.map((column) => column.name))
  const key = columnOf(table, input.key)?.name
  const record = key === undefined ? '' : ` AND ${quoteIdentifier(key)} IS ?`
  const statements = new Map<string, (change: Extract<Change, { is: 'cell' }>) => boolean>()
  const isAsLeft = (column: string) => {
    const known = statements.get(column)
    if (known !== undefined) return known
    const present = columnOf(table, column)?.name
    const cell = present === undefined ? 'NULL' : quoteIdentifier(present)
    const sql = `SELECT 1 FROM ${quoteIdentifier(table.name)} WHERE ${rowId} = ?${record} AND ${cell} IS ?`
    const select = view.db.prepare<Cell[], number>(sql).pluck()
    const test = (change: Extract<Change, { is: 'cell' }>) => {
      const parameters = [BigInt(change.rowId), ...(key === undefined ? [] : [change.key]), change.after]
      return select.get(...parameters.map(boundCell)) === 1
    }
    statements.set(column, test)
    return test
  }
  let count = 0
  let records = 0
  let last: number | undefined
  const conflicts: string[] = []
  for (const page of pagesOf(ports.changeSets, set)) {
    for (const change of page) {
      if (change.is !== 'cell') continue
      if (!isAsLeft(change.column)(change)) {
        if (conflicts.length < conflictsMax) conflicts.push(String(change.key ?? `row ${change.rowId}`))
        continue
      }
      count += 1
      if (change.rowId !== last) records += 1
      last = change.rowId
    }
    await setImmediate()
  }
  return { count, records, conflicts }
}

/** A column that must have values cannot come back while a record has none for it. */
function withoutValue(undoing: Undoing, table: TableSchema, input: RebuildInput, records: number): string | undefined {
  const strict = input.edits.filter((edit) => {
    const constraints = edit.after === null && edit.before !== null ? (parseColumn(edit.before)?.constraints ?? []) : []
    const has = (is: string) => constraints.some((constraint) => constraint.is === is)
    return has('not-null') && !has('default')
  })
  if (strict.length === 0) return undefined
  const sql = `SELECT count(*) FROM ${quoteIdentifier(table.name)}`
  const rows = Number(undoing.view.db.prepare(sql).pluck().get())
  if (rows <= records) return undefined
  const names = strict.map(({ column }) => column).join(', ')
  return `${counted(rows - records, 'record')} came since that have no value for ${names}, which must have one`
}

async function undoCells(undoing: Undoing, input: CellsInput, rows: UndoRows | undefined): Promise<UndoPlan> {
  const { ports, action } = undoing
  const set = lastSet(ports.changeSets, action.id)
  if (set === undefined) return { is: 'expired' }
  const reversed = await ports.changeSets.reverse(set, undefined, ports.databases, rows)
  if (reversed.rows.matched === 0 && rows !== undefined)
    return { is: 'untouched', unknownKeys: reversed.rows.unknownKeys }
  const undo: CellsInput = {
    ...input,
    evidence: { expect: [], questions: noQuestions },
    how: { is: 'take-back', set },
  }
  const plan = undoOf(undoing, undo, noAnswers, {
    verb: `${action.verb}-back`,
    summary: `Take back: ${action.summary} ${counted(reversed.count, 'value')} come back.`,
    order: action.order,
    count: reversed.count,
    population: action.population,
    conflicts: reversed.conflicts,
    reversible: 'from-checkpoint',
  })
  if (plan.is !== 'undo') return plan
  return { ...plan, draft: { ...plan.draft, precondition: reversed.fingerprint }, rows: reversed.rows }
}

function undoDrop(undoing: Undoing, input: DropTableInput): UndoPlan {
  const { ports, action, objects } = undoing
  const set = lastSet(ports.changeSets, action.id)
  if (set === undefined) return { is: 'expired' }
  const taken = input.objects.find((object) => currentForm(objects, asThing(object)) !== null)
  if (taken !== undefined) return notUndoable(`${taken.type} ${taken.name} is there again`)
  const count = ports.changeSets.summary(set)?.count ?? 0
  const undo: RestoreTableInput = {
    ...input,
    does: 'restore-table',
    evidence: evidenceNow(objects, input.objects.map(asThing)),
    restores: set,
  }
  return undoOf(undoing, undo, noAnswers, {
    verb: 'restore-table',
    summary: `Bring back table ${input.table} with ${counted(count, 'record')}.`,
    order: orders.table,
    count,
    reversible: 'from-checkpoint',
  })
}

async function undoRestore(undoing: Undoing, input: RestoreTableInput): Promise<UndoPlan> {
  const { ports, view, objects, signal } = undoing
  const table = readTableSchema(view.db, input.table)
  if (table === undefined) return notUndoable(`table ${input.table} is no longer there`)
  const { restores, ...rest } = input
  const undo: DropTableInput = {
    ...rest,
    does: 'drop-table',
    evidence: evidenceNow(objects, [{ object: 'table', name: input.table, table: '' }], {
      ...noQuestions,
      conditions: [allRows],
    }),
  }
  const answers = await answersTo(ports, view, undo, table, signal)
  return undoOf(undoing, undo, answers, {
    verb: 'drop-table',
    summary: `Drop table ${input.table} again, with ${counted(answers.rows, 'record')} (restored from ${restores}).`,
    order: orders.table,
    count: answers.rows,
    population: answers.rows,
    reversible: 'from-checkpoint',
    risk: riskOfLosing(answers.rows),
  })
}
